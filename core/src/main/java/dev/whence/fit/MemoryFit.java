package dev.whence.fit;

import dev.whence.curvature.CurvatureKind;
import dev.whence.curvature.LayerFactors;
import dev.whence.model.Linear;
import dev.whence.model.Model;
import dev.whence.tensor.DType;
import dev.whence.tensor.Scope;
import dev.whence.tensor.Tensor;
import dev.whence.trace.Examples;
import dev.whence.trace.Pass;
import dev.whence.trace.PassRanges;
import dev.whence.trace.PassState;
import dev.whence.trace.Targets;
import dev.whence.trace.Trace;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A fit without a run folder, for any model, where all factors fit in memory and a lost fit is soon
 * done again.
 *
 * @param layers the factors; their tensors belong to this object
 */
public record MemoryFit(List<LayerFactors> layers, Bases bases) implements AutoCloseable {
  /**
   * Fits some layers.
   *
   * @param data for both passes
   * @param probe an example or several, to find out which layers share an input
   * @param settings which curvatures, whose targets, how many blocks
   */
  public static MemoryFit of(
      Model model, List<Linear> layers, Pass data, Examples probe, FitSettings settings) {
    DType type = model.type().accumulator();
    InputGroups groups = InputGroups.of(model, layers, probe);
    Bases bases = Bases.none(layers.size());
    if (settings.fitsEigenbases()) {
      try (Covariances sums =
          new Covariances(layers, groups, settings.blocks(), type, model.device(), true)) {
        pass(model, layers, data, settings, 0, sums);
        bases = Bases.decompose(layers, groups, sums, type, Optional.empty(), (_, _) -> {});
      }
    }
    MemoryFit fit = new MemoryFit(new ArrayList<>(), bases);
    try (SequenceSquares squares =
            new SequenceSquares(
                layers,
                settings.fits(CurvatureKind.EKFAC)
                    ? bases.kronecker()
                    : Bases.none(layers.size()).kronecker(),
                settings.fits(CurvatureKind.DIAGONAL),
                type,
                model.device(),
                true);
        Scope _ = Scope.open()) {
      if (settings.fitsSequenceGradients()) {
        pass(model, layers, data, settings, 1, squares);
      }
      for (int l = 0; l < layers.size(); l++) {
        fit.layers.add(
            new LayerFactors(
                layers.get(l).name(),
                bases.kronecker().get(l),
                squares.lambda(l).map(Tensor::keep),
                squares.diagonal(l).map(Tensor::keep)));
      }
      return fit;
    } catch (RuntimeException e) {
      fit.close();
      throw e;
    }
  }

  private static void pass(
      Model model,
      List<Linear> layers,
      Pass data,
      FitSettings settings,
      int stream,
      PassState state) {
    Targets targets = settings.targets(stream);
    int _ =
        data.fold(
            0,
            (batches, batch) -> {
              state.add(Trace.of(model, layers, batch, targets), batch);
              if ((batches + 1) % PassRanges.BATCHES_PER_CHUNK == 0) {
                state.endChunk(false);
              }
              return batches + 1;
            });
    state.endChunk(true);
    state.requireFinite();
  }

  @Override
  public void close() {
    for (LayerFactors layer : layers) {
      layer.lambda().ifPresent(Tensor::close);
      layer.diagonal().ifPresent(Tensor::close);
    }
    bases.close();
  }
}
