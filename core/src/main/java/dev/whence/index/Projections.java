package dev.whence.index;

import dev.whence.curvature.Curvature;
import dev.whence.curvature.LayerFactors;
import dev.whence.model.LanguageModel;
import dev.whence.model.Linear;
import dev.whence.run.RunFolder;
import dev.whence.run.RunManifest;
import dev.whence.tensor.DType;
import dev.whence.tensor.Device;
import dev.whence.tensor.Scope;
import dev.whence.tensor.Tensor;
import dev.whence.trace.Trace;
import java.util.ArrayList;
import java.util.List;

/**
 * Random projections of positions' gradients over all tracked layers: a position's numbers are the
 * sums of its layers' projections. They follow from the run, the settings and the seed, and are
 * made again where they are needed. Owns its tensors.
 *
 * @param layers in the run's order
 */
record Projections(List<LayerProjection> layers) implements PositionNumbers {

  /** Makes one layer's projections from its curvature factors. */
  @FunctionalInterface
  private interface Maker {
    LayerProjection make(LayerFactors factors, Linear layer, long key, DType type, Device device);
  }

  /** The projections of a corpus's gradients. */
  static Projections ofCorpus(RunFolder run, LanguageModel model, IndexSettings settings) {
    return of(
        run,
        model,
        settings,
        (factors, layer, key, type, device) -> {
          try (Curvature curvature = factors.curvature(settings.curvature(), settings.damping())) {
            return LayerProjection.ofCorpus(
                curvature, layer, settings.components(), key, type, device);
          }
        });
  }

  /**
   * The projections of queries' gradients.
   *
   * @param settings of the index
   * @param asked the settings with the damping that is asked for now
   */
  static Projections ofQueries(
      RunFolder run, LanguageModel model, IndexSettings settings, IndexSettings asked) {
    return of(
        run,
        model,
        settings,
        (factors, layer, key, type, device) -> {
          try (Curvature curvature = factors.curvature(asked.curvature(), asked.damping());
              Curvature indexed = factors.curvature(settings.curvature(), settings.damping())) {
            return LayerProjection.ofQueries(
                curvature, indexed, layer, settings.components(), key, type, device);
          }
        });
  }

  private static Projections of(
      RunFolder run, LanguageModel model, IndexSettings settings, Maker maker) {
    Projections projections = new Projections(new ArrayList<>());
    DType type = model.type().accumulator();
    try {
      for (RunManifest.Layer layer : run.manifest().layers()) {
        // One layer's factors at a time: a large model's are many times its weights.
        try (RunFolder.Factors factors = run.factors(List.of(layer), type, model.device());
            Scope _ = Scope.open()) {
          long key = settings.seed() * 0x9e3779b97f4a7c15L + projections.layers.size();
          projections.layers.add(
              maker.make(
                  factors.layers().getFirst(),
                  model.linear(layer.name()).orElseThrow(),
                  key,
                  type,
                  model.device()));
        }
      }
      return projections;
    } catch (RuntimeException e) {
      projections.close();
      throw e;
    }
  }

  @Override
  public Tensor of(Trace trace) {
    Tensor sum = layers.getFirst().of(trace.uses(0));
    for (int l = 1; l < layers.size(); l++) {
      int layer = l;
      sum.plusInPlace(Scope.result(() -> layers.get(layer).of(trace.uses(layer))));
    }
    return sum;
  }

  @Override
  public void close() {
    layers.forEach(LayerProjection::close);
  }
}
