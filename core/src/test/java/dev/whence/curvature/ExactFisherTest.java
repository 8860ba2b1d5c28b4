package dev.whence.curvature;

import static org.assertj.core.api.Assertions.assertThat;

import dev.whence.curvature.LayerFactors.Kronecker;
import dev.whence.tensor.DType;
import dev.whence.tensor.Device;
import dev.whence.tensor.Scope;
import dev.whence.tensor.Tensor;
import dev.whence.tensor.Tensors;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** How near K-FAC and EK-FAC come to the Fisher of one linear layer, which is small enough. */
class ExactFisherTest {
  private static final int OUT = 3;
  private static final int IN = 4;

  /**
   * What a layer saw in one sequence.
   *
   * @param inputs a row for each position
   * @param gradients a row for each position
   */
  private record Seen(double[][] inputs, double[][] gradients) {
    /** {@code sum_t d_t a_t^T}, row after row. */
    double[] gradient() {
      return Dense.flat(Dense.times(Dense.transpose(gradients), inputs));
    }
  }

  @Test
  void independentInputsAndGradientsMakeEkfacExact() {
    long seed = 5;
    Random random = new Random(seed);
    double[][] inputs = Dense.random(random, 6, IN);
    double[][] gradients = Dense.random(random, 5, OUT);
    List<Seen> sequences = new ArrayList<>();
    for (double[] input : inputs) {
      for (double[] gradient : gradients) { // every pair once: independent
        sequences.add(new Seen(new double[][] {input}, new double[][] {gradient}));
      }
    }
    double[][] exact = inverse(sequences, 0.2);
    for (CurvatureKind kind : List.of(CurvatureKind.KFAC, CurvatureKind.EKFAC)) {
      double[][] approximation = approximateInverse(sequences, kind, 0.2);
      assertThat(Dense.error(Dense.flat(approximation), Dense.flat(exact)))
          .as("%s, seed %d", kind, seed)
          .isLessThan(1e-12);
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void ekfacIsNearerToTheExactFisherThanKfacAndSoIsItsInverse(long seed) {
    Random random = new Random(seed);
    List<Seen> sequences = new ArrayList<>();
    for (int n = 0; n < 200; n++) {
      int positions = 1 + random.nextInt(6);
      sequences.add(new Seen(alike(random, positions, IN), alike(random, positions, OUT)));
    }
    double[][] exact = inverse(sequences, 0.1);
    double[][] kfac = approximateInverse(sequences, CurvatureKind.KFAC, 0.1);
    double[][] ekfac = approximateInverse(sequences, CurvatureKind.EKFAC, 0.1);
    // In the Fisher's own Frobenius norm it is a theorem (George et al. 2018).
    assertThat(distance(Dense.inverse(ekfac), Dense.inverse(exact)))
        .as("Fisher, seed %d", seed)
        .isLessThan(0.8 * distance(Dense.inverse(kfac), Dense.inverse(exact)));
    assertThat(distance(ekfac, exact))
        .as("inverse, seed %d", seed)
        .isLessThan(0.8 * distance(kfac, exact));
    double[] v = Dense.flat(Dense.random(random, OUT, IN));
    assertThat(distance(Dense.apply(ekfac, v), Dense.apply(exact, v)))
        .as("inverse of a random gradient, seed %d", seed)
        .isLessThan(0.8 * distance(Dense.apply(kfac, v), Dense.apply(exact, v)));
  }

  /** Positions of one sequence have much in common, which K-FAC takes no account of. */
  private static double[][] alike(Random random, int positions, int width) {
    double[][] rows = Dense.random(random, positions, width);
    double[] common = Dense.random(random, 1, width)[0];
    for (double[] row : rows) {
      for (int i = 0; i < width; i++) {
        row[i] = (1 + i) * (common[i] + 0.5 * row[i]);
      }
    }
    return rows;
  }

  /** {@code (F + ratio * mean eigenvalue)^-1} for the dense Fisher F. */
  private static double[][] inverse(List<Seen> sequences, double ratio) {
    double[][] fisher = Dense.meanOuterProduct(sequences.stream().map(Seen::gradient).toList());
    return Dense.inverse(Dense.plusIdentity(fisher, lambda(sequences, ratio)));
  }

  private static double lambda(List<Seen> sequences, double ratio) {
    double[][] fisher = Dense.meanOuterProduct(sequences.stream().map(Seen::gradient).toList());
    return ratio * Dense.trace(fisher) / (OUT * IN);
  }

  /** The factors' inverse as a dense matrix: the operator applied to every unit vector. */
  private static double[][] approximateInverse(
      List<Seen> sequences, CurvatureKind kind, double ratio) {
    try (Scope _ = Scope.open();
        Covariance inputs = Covariance.zero(new Blocks(IN, 1), DType.FLOAT64, Device.CPU);
        Covariance gradients = Covariance.zero(new Blocks(OUT, 1), DType.FLOAT64, Device.CPU)) {
      long positions = 0;
      for (Seen seen : sequences) {
        inputs.add(Dense.tensor(seen.inputs));
        gradients.add(Dense.tensor(seen.gradients));
        positions += seen.inputs.length;
      }
      try (Eigenbasis a = inputs.eigenbasis(positions, DType.FLOAT64);
          Eigenbasis s = gradients.eigenbasis(positions, DType.FLOAT64)) {
        Tensor lambda = Tensors.zeros(DType.FLOAT64, Device.CPU, OUT, IN);
        for (Seen seen : sequences) {
          Tensor d = Tensors.of(seen.gradient(), OUT, IN);
          lambda.plusInPlace(s.rotateRows(a.rotate(d)).square().over(sequences.size()));
        }
        LayerFactors factors =
            new LayerFactors(
                "layer",
                Optional.of(new Kronecker(a, s, (double) positions / sequences.size())),
                Optional.of(lambda),
                Optional.empty());
        Damping damping = new Damping.Absolute(lambda(sequences, ratio));
        try (Curvature curvature = factors.curvature(kind, damping)) {
          double[][] units = Dense.plusIdentity(new double[OUT * IN][OUT * IN], 1);
          Tensor columns = curvature.precondition(Tensors.of(Dense.flat(units), OUT * IN, OUT, IN));
          return Dense.of(columns.reshape(OUT * IN, OUT * IN)); // symmetric
        }
      }
    }
  }

  private static double distance(double[][] a, double[][] b) {
    return distance(Dense.flat(a), Dense.flat(b));
  }

  private static double distance(double[] a, double[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += (a[i] - b[i]) * (a[i] - b[i]);
    }
    return Math.sqrt(sum);
  }
}
