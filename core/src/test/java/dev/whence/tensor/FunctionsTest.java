package dev.whence.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import org.junit.jupiter.api.Test;

/** Each function against its formula, in plain Java. */
class FunctionsTest {
  private static final double[] X = new Random(1).doubles(12, -3, 3).toArray(); // seed 1

  private interface Formula {
    double apply(double x);
  }

  @Test
  void activationsAreTheirFormulas() {
    try (Scope _ = Scope.open()) {
      Tensor x = Tensors.of(X, 3, 4);
      assertFormula(Functions.silu(x), v -> v / (1 + Math.exp(-v)));
      assertFormula(Functions.relu(x), v -> Math.max(0, v));
      assertFormula(Functions.tanh(x), Math::tanh);
      double c = Math.sqrt(2 / Math.PI);
      assertFormula(
          Functions.geluTanh(x), v -> 0.5 * v * (1 + Math.tanh(c * (v + 0.044715 * v * v * v))));
      assertFormula(Functions.gelu(x), v -> v * normalDistribution(v));
    }
  }

  @Test
  void softmaxRunsOverTheLastDimension() {
    try (Scope _ = Scope.open()) {
      double[] softmax = Functions.softmax(Tensors.of(X, 3, 4)).toDoubles();
      double[] log = Functions.logSoftmax(Tensors.of(X, 3, 4)).toDoubles();
      for (int i = 0; i < X.length; i++) {
        double sum = 0;
        for (int j = 0; j < 4; j++) {
          sum += Math.exp(X[i / 4 * 4 + j]);
        }
        assertThat(softmax[i]).isCloseTo(Math.exp(X[i]) / sum, within(1e-12));
        assertThat(log[i]).isCloseTo(X[i] - Math.log(sum), within(1e-12));
      }
    }
  }

  @Test
  void normsScaleEachRowByItself() {
    double[] weight = {1, 2, -1, 0.5};
    double[] bias = {0, 1, 2, 3};
    double epsilon = 0.25; // large, so that a misplaced one shows
    try (Scope _ = Scope.open()) {
      Tensor x = Tensors.of(X, 3, 4);
      Tensor w = Tensors.of(weight, 4);
      double[] rms = Functions.rmsNorm(x, w, epsilon).toDoubles();
      double[] layer = Functions.layerNorm(x, w, Tensors.of(bias, 4), epsilon).toDoubles();
      for (int i = 0; i < X.length; i++) {
        double mean = 0;
        double square = 0;
        for (int j = 0; j < 4; j++) {
          mean += X[i / 4 * 4 + j] / 4;
          square += X[i / 4 * 4 + j] * X[i / 4 * 4 + j] / 4;
        }
        double variance = square - mean * mean;
        // The RMS norm may round to float32 inside.
        assertThat(rms[i])
            .isCloseTo(X[i] / Math.sqrt(square + epsilon) * weight[i % 4], within(1e-6));
        assertThat(layer[i])
            .isCloseTo(
                (X[i] - mean) / Math.sqrt(variance + epsilon) * weight[i % 4] + bias[i % 4],
                within(1e-12));
      }
    }
  }

  @Test
  void rmsNormOfHalfPrecisionDoesNotOverflow() {
    try (Scope _ = Scope.open()) {
      // The square of 1000 is past float16's largest number.
      Tensor x = Tensors.of(new double[] {1000, -1000}, 1, 2).to(DType.FLOAT16);
      Tensor y = Functions.rmsNorm(x, Tensors.ones(DType.FLOAT16, Device.CPU, 2), 1e-6);
      assertThat(y.type()).isEqualTo(DType.FLOAT16);
      assertThat(y.toDoubles()).containsExactly(1, -1);
    }
  }

  @Test
  void linearMultipliesByTheTransposeAndAddsTheBias() {
    try (Scope _ = Scope.open()) {
      Tensor x = Tensors.of(new double[] {1, 2}, 1, 1, 2);
      Tensor w = Tensors.of(new double[] {1, 10, 100, 1000, 3, 4}, 3, 2);
      assertThat(Functions.linear(x, w).toDoubles()).containsExactly(21, 2100, 11);
      assertThat(Functions.linear(x, w, Tensors.of(new double[] {1, 2, 3}, 3)).toDoubles())
          .containsExactly(22, 2102, 14);
    }
  }

  @Test
  void embeddingTakesRows() {
    try (Scope _ = Scope.open()) {
      Tensor table = Tensors.of(new double[] {0, 1, 10, 11, 20, 21}, 3, 2);
      Tensor rows = Functions.embedding(Tensors.of(new long[] {2, 0}, 1, 2), table);
      assertThat(rows.shape()).containsExactly(1, 2, 2);
      assertThat(rows.toDoubles()).containsExactly(20, 21, 0, 1);
    }
  }

  private static void assertFormula(Tensor actual, Formula formula) {
    double[] values = actual.toDoubles();
    for (int i = 0; i < X.length; i++) {
      assertThat(values[i]).as("at %f", X[i]).isCloseTo(formula.apply(X[i]), within(1e-9));
    }
  }

  /** The standard normal's distribution function, by summing its density. */
  private static double normalDistribution(double x) {
    int steps = 100_000;
    double sum = 0;
    for (int i = 0; i < steps; i++) {
      double t = x * (i + 0.5) / steps;
      sum += Math.exp(-t * t / 2) * x / steps;
    }
    return 0.5 + sum / Math.sqrt(2 * Math.PI);
  }
}
