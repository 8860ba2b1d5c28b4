package dev.whence.index;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.whence.attribution.Bench;
import dev.whence.curvature.Curvature;
import dev.whence.curvature.CurvatureKind;
import dev.whence.curvature.Damping;
import dev.whence.curvature.LayerFactors;
import dev.whence.model.Linear;
import dev.whence.run.RunFolder;
import dev.whence.tensor.DType;
import dev.whence.tensor.Device;
import dev.whence.tensor.Scope;
import dev.whence.tensor.Tensor;
import dev.whence.tensor.Tensors;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LayerProjectionTest {
  private static final int SIDE = 20_000;

  @TempDir private Path folder;

  /**
   * Without curvature there is nothing to separate, and the estimates differ from {@code <V, D>} by
   * the projections' randomness alone. The inverse of EK-FAC is no outer product.
   */
  @ParameterizedTest
  @CsvSource({"IDENTITY, 1, 0.03", "EKFAC, 1, 0.35", "EKFAC, 30, 0.2"})
  void productsOfManyProjectionsAreInfluences(CurvatureKind kind, double more, double tolerance) {
    try (Bench bench = Bench.open(folder);
        RunFolder.Factors all = bench.run().factors(DType.FLOAT64, Device.CPU);
        Scope _ = Scope.open()) {
      LayerFactors factors = all.layers().getFirst();
      Linear layer = bench.model().linear(Bench.LAYERS.getFirst()).orElseThrow();
      LayerProjection.Shape shape = new LayerProjection.Shape(SIDE, 3, DType.FLOAT64, Device.CPU);
      Damping asked = new Damping.Relative(0.1 * more);
      try (Curvature indexed = factors.curvature(kind, Damping.DEFAULT);
          Curvature curvature = factors.curvature(kind, asked);
          LayerProjection corpus = LayerProjection.ofCorpus(factors, indexed, layer, shape);
          LayerProjection queries =
              LayerProjection.ofQueries(factors, curvature, indexed, layer, shape)) {
        Random random = new Random(7);
        double error = 0;
        double size = 0;
        for (int i = 0; i < 20; i++) {
          Tensor a = vector(random, layer.inputs());
          Tensor d = vector(random, layer.outputs());
          Tensor b = a.plus(vector(random, layer.inputs()));
          Tensor e = d.plus(vector(random, layer.outputs()));
          double exact =
              curvature.precondition(e.t().matmul(b)).times(d.t().matmul(a)).sum().item();
          double estimate =
              product(a, corpus.inputSide(), b, queries.inputSide())
                  * product(d, corpus.gradientSide(), e, queries.gradientSide());
          error += Math.pow(estimate - exact, 2);
          size += exact * exact;
        }
        assertThat(Math.sqrt(error / size)).isLessThan(tolerance);
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"EKFAC", "KFAC"})
  void bothSidesHaveTheSameMeanSquare(CurvatureKind kind) {
    try (Bench bench = Bench.open(folder);
        RunFolder.Factors all = bench.run().factors(DType.FLOAT64, Device.CPU);
        Scope _ = Scope.open()) {
      LayerFactors factors = all.layers().getFirst();
      Linear layer = bench.model().linear(Bench.LAYERS.getFirst()).orElseThrow();
      try (Curvature curvature = factors.curvature(kind, Damping.DEFAULT);
          LayerProjection projection =
              LayerProjection.ofCorpus(
                  factors,
                  curvature,
                  layer,
                  new LayerProjection.Shape(500, 3, DType.FLOAT64, Device.CPU))) {
        LayerFactors.Kronecker bases = factors.kronecker().orElseThrow();
        double inputs =
            meanSquare(
                bases.activation().rotateRows(projection.inputSide()), bases.activation().values());
        double gradients =
            meanSquare(
                bases.gradient().rotateRows(projection.gradientSide()), bases.gradient().values());
        assertThat(inputs / gradients).isCloseTo(1, within(0.1));
      }
    }
  }

  /** Of a covariance's vectors after a projection. */
  private static double meanSquare(Tensor projection, Tensor eigenvalues) {
    return projection.square().sum(1).times(eigenvalues).sum().item();
  }

  private static double product(Tensor x, Tensor left, Tensor y, Tensor right) {
    return x.matmul(left).times(y.matmul(right)).sum().item();
  }

  /** [1, size]. */
  private static Tensor vector(Random random, int size) {
    return Tensors.of(random.doubles(size, -1, 1).toArray(), 1, size);
  }
}
