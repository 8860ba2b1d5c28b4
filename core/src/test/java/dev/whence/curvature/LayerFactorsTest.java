package dev.whence.curvature;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.whence.InvalidInputException;
import dev.whence.curvature.LayerFactors.Kronecker;
import dev.whence.tensor.DType;
import dev.whence.tensor.Device;
import dev.whence.tensor.Scope;
import dev.whence.tensor.Tensor;
import dev.whence.tensor.Tensors;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The damped inverses, against dense matrices of [out * in, out * in]. */
class LayerFactorsTest {
  private static final int OUT = 3;
  private static final int IN = 5;
  private static final double POSITIONS = 6.5;
  private static final double RATIO = 0.3;
  private static final long SEED = 29;

  private final Random random = new Random(SEED);
  private final double[][] s = EigenbasisTest.covariance(random, OUT);
  private final double[][] a = EigenbasisTest.covariance(random, IN);
  private final double[][] squares = squares(random);

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3})
  void kfacIsTheDampedInverseOfTheKroneckerProductInTheUnitOfOneSequence(int blocks) {
    double[][] product =
        Dense.kronecker(
            Dense.onlyBlocks(s, new Blocks(OUT, blocks)),
            Dense.onlyBlocks(a, new Blocks(IN, blocks)));
    double[][] curvature =
        Arrays.stream(product)
            .map(row -> Arrays.stream(row).map(x -> x * POSITIONS).toArray())
            .toArray(double[][]::new);
    double lambda = RATIO * Dense.trace(curvature) / (OUT * IN);
    check(CurvatureKind.KFAC, blocks, Dense.plusIdentity(curvature, lambda));
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3})
  void ekfacHasItsOwnEigenvaluesInTheKroneckerBasis(int blocks) {
    try (Scope _ = Scope.open();
        Eigenbasis gradient = EigenbasisTest.basis(new Blocks(OUT, blocks), s);
        Eigenbasis activation = EigenbasisTest.basis(new Blocks(IN, blocks), a)) {
      double[][] q =
          Dense.kronecker(EigenbasisTest.dense(gradient), EigenbasisTest.dense(activation));
      double[][] curvature = Dense.times(Dense.times(q, diagonal(squares)), Dense.transpose(q));
      check(CurvatureKind.EKFAC, blocks, Dense.plusIdentity(curvature, lambda(squares)));
    }
  }

  @Test
  void diagonalIsInTheWeightsOwnCoordinates() {
    check(CurvatureKind.DIAGONAL, 1, Dense.plusIdentity(diagonal(squares), lambda(squares)));
  }

  @Test
  void identityChangesNothing() {
    check(CurvatureKind.IDENTITY, 1, Dense.plusIdentity(new double[OUT * IN][OUT * IN], 1));
  }

  /** Compares both operations with the inverse of a dense matrix, for a batch of gradients. */
  private void check(CurvatureKind kind, int blocks, double[][] damped) {
    double[][] inverse = Dense.inverse(damped);
    double[][] gradients = Dense.random(random, 2, OUT * IN);
    try (Scope _ = Scope.open();
        Eigenbasis gradient = EigenbasisTest.basis(new Blocks(OUT, blocks), s);
        Eigenbasis activation = EigenbasisTest.basis(new Blocks(IN, blocks), a);
        Curvature curvature =
            new LayerFactors(
                    "layer",
                    Optional.of(new Kronecker(activation, gradient, POSITIONS)),
                    Optional.of(Dense.tensor(squares)),
                    Optional.of(Dense.tensor(squares)))
                .curvature(kind, new Damping.Relative(RATIO))) {
      Tensor d = Tensors.of(Dense.flat(gradients), 2, OUT, IN);
      Tensor p = curvature.precondition(d);
      double[] forms = curvature.quadraticForm(curvature.coordinates(d)).toDoubles();
      assertThat(p.shape()).containsExactly(2, OUT, IN);
      assertThat(forms).hasSize(2);
      for (int b = 0; b < 2; b++) {
        String what = "gradient " + b + ", " + blocks + " blocks, seed " + SEED;
        double[] expected = Dense.apply(inverse, gradients[b]);
        assertThat(Dense.error(p.select(0, b).toDoubles(), expected)).as(what).isLessThan(1e-12);
        double form = Dense.dot(gradients[b], expected);
        assertThat(forms[b] / form).as(what).isBetween(1 - 1e-12, 1 + 1e-12);
      }
      assertThat(d.toDoubles()).as("argument").isEqualTo(Dense.flat(gradients));
      Tensor one = curvature.precondition(d.select(0, 0)); // no batch dimension
      assertThat(Dense.error(one.toDoubles(), Dense.apply(inverse, gradients[0])))
          .isLessThan(1e-12);
    }
  }

  @ParameterizedTest
  @CsvSource({"1, EKFAC", "1000, EKFAC", "1, DIAGONAL", "1000, DIAGONAL", "1000, KFAC"})
  void dampingIsEachLayersOwn(double scale, CurvatureKind kind) {
    // The relative damping grows with the layer, so its inverse shrinks by just as much.
    double[] relative = precondition(kind, scale, new Damping.Relative(RATIO));
    double[] unscaled = precondition(kind, 1, new Damping.Relative(RATIO));
    double[] expected = Arrays.stream(unscaled).map(x -> x / scale).toArray();
    assertThat(Dense.error(relative, expected)).isLessThan(1e-12);
    // The absolute one does not, unless it is scaled by hand.
    double lambda = 0.7;
    double[] absolute = precondition(kind, 1, new Damping.Absolute(lambda));
    double[] scaled = precondition(kind, scale, new Damping.Absolute(lambda * scale));
    double[] back = Arrays.stream(scaled).map(x -> x * scale).toArray();
    assertThat(Dense.error(back, absolute)).isLessThan(1e-12);
  }

  /** A fixed gradient through factors whose eigenvalues are {@code scale} times as large. */
  private double[] precondition(CurvatureKind kind, double scale, Damping damping) {
    try (Scope _ = Scope.open();
        Eigenbasis gradient = EigenbasisTest.basis(new Blocks(OUT, 1), s);
        Eigenbasis activation = EigenbasisTest.basis(new Blocks(IN, 1), a);
        Curvature curvature =
            new LayerFactors(
                    "layer",
                    Optional.of(new Kronecker(activation, gradient, POSITIONS * scale)),
                    Optional.of(Dense.tensor(squares).times(scale)),
                    Optional.of(Dense.tensor(squares).times(scale)))
                .curvature(kind, damping)) {
      return curvature
          .precondition(Dense.tensor(Dense.random(new Random(SEED), OUT, IN)))
          .toDoubles();
    }
  }

  @Test
  void layerThatNeverSawAGradientDoesNotDivideByZero() {
    try (Scope _ = Scope.open();
        Eigenbasis gradient = EigenbasisTest.basis(new Blocks(OUT, 1), new double[OUT][OUT]);
        Eigenbasis activation = EigenbasisTest.basis(new Blocks(IN, 1), a)) {
      Tensor zero = Tensors.zeros(DType.FLOAT64, Device.CPU, 1, OUT, IN);
      LayerFactors factors =
          new LayerFactors(
              "dead",
              Optional.of(new Kronecker(activation, gradient, POSITIONS)),
              Optional.of(zero.select(0, 0)),
              Optional.of(zero.select(0, 0)));
      for (CurvatureKind kind : CurvatureKind.values()) {
        try (Curvature curvature = factors.curvature(kind, Damping.DEFAULT)) {
          assertThat(curvature.precondition(zero).toDoubles()).as("%s", kind).containsOnly(0);
          assertThat(curvature.quadraticForm(curvature.coordinates(zero)).toDoubles())
              .as("%s", kind)
              .containsOnly(0);
        }
      }
    }
  }

  @Test
  void eigenvaluesBelowZeroByRoundingCountAsZero() {
    try (Scope _ = Scope.open();
        Eigenbasis gradient = EigenbasisTest.basis(new Blocks(1, 1), new double[][] {{1}});
        Eigenbasis activation =
            EigenbasisTest.basis(new Blocks(2, 1), new double[][] {{-1e-3, 0}, {0, 1}});
        Curvature curvature =
            new LayerFactors(
                    "layer",
                    Optional.of(new Kronecker(activation, gradient, 1)),
                    Optional.empty(),
                    Optional.empty())
                .curvature(CurvatureKind.KFAC, new Damping.Absolute(1e-3))) {
      Tensor v = Tensors.of(new double[] {1, 0}, 1, 2);
      assertThat(Dense.error(curvature.precondition(v).toDoubles(), 1000, 0)).isLessThan(1e-12);
    }
  }

  @ParameterizedTest
  @EnumSource(value = CurvatureKind.class, names = "IDENTITY", mode = EnumSource.Mode.EXCLUDE)
  void kindThatWasNotFittedNamesTheLayerAndTheRemedy(CurvatureKind kind) {
    LayerFactors none =
        new LayerFactors("h.3.mlp", Optional.empty(), Optional.empty(), Optional.empty());
    assertThatThrownBy(() -> none.curvature(kind, Damping.DEFAULT).close())
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("h.3.mlp")
        .hasMessageContaining("fit again with --curvature " + kind);
  }

  private static double[][] squares(Random random) {
    double[][] squares = Dense.random(random, OUT, IN);
    List.of(squares).forEach(row -> Arrays.setAll(row, i -> row[i] * row[i]));
    return squares;
  }

  private static double[][] diagonal(double[][] values) {
    double[] flat = Dense.flat(values);
    double[][] matrix = new double[flat.length][flat.length];
    for (int i = 0; i < flat.length; i++) {
      matrix[i][i] = flat[i];
    }
    return matrix;
  }

  private static double lambda(double[][] eigenvalues) {
    return RATIO * Arrays.stream(Dense.flat(eigenvalues)).average().orElseThrow();
  }
}
