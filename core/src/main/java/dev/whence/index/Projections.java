package dev.whence.index;

import dev.whence.curvature.Curvature;
import dev.whence.curvature.Damping;
import dev.whence.curvature.LayerFactors;
import dev.whence.model.LanguageModel;
import dev.whence.model.Linear;
import dev.whence.run.RunFolder;
import dev.whence.run.RunManifest;
import dev.whence.tensor.DType;
import dev.whence.tensor.Scope;
import dev.whence.tensor.Tensor;
import dev.whence.tensor.Tensors;
import dev.whence.trace.Trace;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Random projections of positions over all tracked layers: the sums of the layers' projections,
 * side by side. They follow from the run, the settings and the seed, and are made again where they
 * are needed. Owns its tensors.
 *
 * @param layers in the run's order
 */
record Projections(List<LayerProjection> layers) implements PositionNumbers {

  /** Makes one layer's projections from its curvature factors. */
  @FunctionalInterface
  private interface Maker {
    LayerProjection make(LayerFactors factors, Linear layer, LayerProjection.Shape shape);
  }

  /** The projections of a corpus's positions. */
  static Projections ofCorpus(
      RunFolder run, LanguageModel model, IndexSettings settings, SidesFormat format) {
    return of(
        run,
        model,
        settings,
        format,
        (factors, layer, shape) -> {
          try (Curvature curvature = factors.curvature(settings.curvature(), settings.damping())) {
            return LayerProjection.ofCorpus(factors, curvature, layer, shape);
          }
        });
  }

  /**
   * The projections of queries' positions.
   *
   * @param settings of the index
   * @param damping that is asked for now
   */
  static Projections ofQueries(
      RunFolder run,
      LanguageModel model,
      IndexSettings settings,
      SidesFormat format,
      Damping damping) {
    return of(
        run,
        model,
        settings,
        format,
        (factors, layer, shape) -> {
          try (Curvature curvature = factors.curvature(settings.curvature(), damping);
              Curvature indexed = factors.curvature(settings.curvature(), settings.damping())) {
            return LayerProjection.ofQueries(factors, curvature, indexed, layer, shape);
          }
        });
  }

  private static Projections of(
      RunFolder run, LanguageModel model, IndexSettings settings, SidesFormat format, Maker maker) {
    Projections projections = new Projections(new ArrayList<>());
    SplittableRandom keys = new SplittableRandom(settings.seed());
    DType type = model.type().accumulator();
    List<Linear> linears = model.linears(run.manifest().layerNames());
    try {
      for (RunManifest.Layer layer : run.manifest().layers()) {
        // One layer's factors at a time: a large model's are many times its weights.
        try (RunFolder.Factors factors = run.factors(List.of(layer), type, model.device());
            Scope _ = Scope.open()) {
          int l = projections.layers.size();
          projections.layers.add(
              maker.make(
                  factors.layers().getFirst(),
                  linears.get(l),
                  new LayerProjection.Shape(format.side(), keys.nextLong(), type, model.device())));
        }
      }
      return projections;
    } catch (RuntimeException e) {
      projections.close();
      throw e;
    }
  }

  /** {@inheritDoc} The input side's come first. */
  @Override
  public Tensor of(Trace trace) {
    List<Trace.Use> first = trace.uses(0);
    Tensor inputs = Trace.sum(first, (a, _) -> a.matmul(layers.getFirst().inputSide()));
    Tensor gradients = Trace.sum(first, (_, d) -> d.matmul(layers.getFirst().gradientSide()));
    for (int l = 1; l < layers.size(); l++) {
      LayerProjection layer = layers.get(l);
      try (Scope _ = Scope.open()) {
        for (Trace.Use use : trace.uses(l)) {
          inputs.plusInPlace(use.input().matmul(layer.inputSide()));
          gradients.plusInPlace(use.gradient().matmul(layer.gradientSide()));
        }
      }
    }
    return Tensors.cat(List.of(inputs, gradients), 2);
  }

  /**
   * The squared norms of the sequences' half-whitened gradients, as the products of all pairs of
   * their positions estimate them: [batch].
   *
   * @param numbers of their positions
   */
  static Tensor squaredNorms(Tensor numbers) {
    long side = numbers.size(2) / 2;
    Tensor inputs = numbers.narrow(2, 0, side);
    Tensor gradients = numbers.narrow(2, side, side);
    return inputs
        .bmm(inputs.transpose(1, 2))
        .timesInPlace(gradients.bmm(gradients.transpose(1, 2)))
        .sum(2)
        .sum(1)
        .clampMin(0);
  }

  @Override
  public void close() {
    layers.forEach(LayerProjection::close);
  }
}
