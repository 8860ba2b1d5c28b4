package dev.whence.fit;

import dev.whence.Waiting;
import dev.whence.curvature.Covariance;
import dev.whence.curvature.LayerFactors.Kronecker;
import dev.whence.model.Linear;
import dev.whence.run.FactorsFile;
import dev.whence.run.FactorsFile.Factor;
import dev.whence.tensor.DType;
import dev.whence.tensor.NativeMemory;
import dev.whence.tensor.Scope;
import dev.whence.tensor.Tensor;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.FutureTask;

/**
 * Writes layers' bases to their factor files, each while the next layer is decomposed: at most one
 * file is on its way at a time. Covariances that are kept are gone with the next layer, and are
 * written before it.
 */
final class FactorsWriter implements Bases.LayerStep {
  private final Path folder;
  private final List<Linear> layers;
  private final Covariances covariances;
  private final FitSettings settings;
  private final Runnable layerDone;
  private Optional<FutureTask<Boolean>> writing = Optional.empty();

  /**
   * A writer that has nothing to write yet.
   *
   * @param covariances that the bases are of
   * @param layerDone is told of every file, by the thread that hands in the layers
   */
  FactorsWriter(
      Path folder,
      List<Linear> layers,
      Covariances covariances,
      FitSettings settings,
      Runnable layerDone) {
    this.folder = folder;
    this.layers = layers;
    this.covariances = covariances;
    this.settings = settings;
    this.layerDone = layerDone;
  }

  @Override
  public void take(int layer, Kronecker bases) {
    finish();
    FutureTask<Boolean> task = new FutureTask<>(() -> write(layer, bases), true);
    writing = Optional.of(task);
    if (settings.keepCovariances()) {
      task.run();
      finish();
    } else {
      Thread.ofPlatform().name("whence-factors").start(task);
    }
  }

  private void write(int layer, Kronecker bases) {
    try (Scope _ = Scope.open()) {
      Optional<Covariance> activation = Optional.empty();
      Optional<Covariance> gradient = Optional.empty();
      if (settings.keepCovariances()) {
        activation = Optional.of(covariances.activation(layer));
        gradient = Optional.of(covariances.gradient(layer));
      }
      FactorsFile.Builder file = new FactorsFile.Builder(settings.storedType());
      file.activation(new Factor(mean(activation, layer), bases.activation()));
      NativeMemory.giveBack(); // what a mean leaves behind does not fit the next
      file.gradient(new Factor(mean(gradient, layer), bases.gradient()))
          .write(FactorsFile.path(folder, layers.get(layer).name()));
    }
  }

  private Optional<List<Tensor>> mean(Optional<Covariance> sum, int layer) {
    DType type = settings.compute().type().accumulator();
    return sum.map(covariance -> covariance.mean(covariances.positions(layer), type));
  }

  @Override
  public void finish() {
    Optional<FutureTask<Boolean>> last = writing;
    writing = Optional.empty();
    if (last.isEmpty()) {
      return;
    }
    boolean _ = Waiting.forResult(last.get());
    layerDone.run();
  }
}
