package dev.whence.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class TensorTest {
  private static final long SEED = 3;

  @Test
  void searchCountsWhatIsAtMostTheValue() {
    Random random = new Random(SEED);
    double[][] rows = new double[4][];
    double[] flat = new double[4 * 6];
    for (int r = 0; r < rows.length; r++) {
      // Few distinct numbers, so that ties between rows and values are common.
      rows[r] = random.ints(6, 0, 5).sorted().asDoubleStream().toArray();
      System.arraycopy(rows[r], 0, flat, r * 6, 6);
    }
    double[] values = random.ints(4 * 3, -1, 6).asDoubleStream().toArray();
    try (Scope _ = Scope.open()) {
      long[] found =
          Functions.searchSortedRight(Tensors.of(flat, 4, 6), Tensors.of(values, 4, 3)).toLongs();
      for (int i = 0; i < values.length; i++) {
        double value = values[i];
        assertThat(found[i])
            .as("value %d, seed %d", i, SEED)
            .isEqualTo(Arrays.stream(rows[i / 3]).filter(x -> x <= value).count());
      }
    }
  }

  @Test
  void productsAreSumsOverTheSharedDimension() {
    double[] a = numbers(1, 2 * 3 * 4);
    double[] b = numbers(2, 2 * 4 * 5);
    double[] expected = new double[2 * 3 * 5];
    for (int n = 0; n < 2; n++) {
      for (int i = 0; i < 3; i++) {
        for (int j = 0; j < 5; j++) {
          for (int k = 0; k < 4; k++) {
            expected[(n * 3 + i) * 5 + j] += a[(n * 3 + i) * 4 + k] * b[(n * 4 + k) * 5 + j];
          }
        }
      }
    }
    try (Scope _ = Scope.open()) {
      Tensor left = Tensors.of(a, 2, 3, 4);
      Tensor right = Tensors.of(b, 2, 4, 5);
      assertNear(left.bmm(right), expected);
      assertNear(left.matmul(right), expected);
      Tensor sum = Tensors.ones(DType.FLOAT64, Device.CPU, 3, 5);
      sum.plusProductInPlace(left.select(0, 0), right.select(0, 0));
      assertNear(sum.minus(Tensors.ones(DType.FLOAT64, Device.CPU, 3, 5)), first(expected, 15));
    }
  }

  @Test
  void inPlaceVerbsChangeTheirOwnTensorByTheFormula() {
    double[] x = numbers(1, 5);
    double[] a = numbers(2, 5);
    double[] b = numbers(3, 5);
    try (Scope _ = Scope.open()) {
      Tensor ta = Tensors.of(a, 5);
      Tensor tb = Tensors.of(b, 5);
      assertNear(Tensors.of(x, 5).plusInPlace(ta), each(x, a, b, (p, q, _) -> p + q));
      assertNear(Tensors.of(x, 5).plusInPlace(ta, 3), each(x, a, b, (p, q, _) -> p + 3 * q));
      assertNear(Tensors.of(x, 5).timesInPlace(2), each(x, a, b, (p, _, _) -> 2 * p));
      assertNear(Tensors.of(x, 5).timesInPlace(ta), each(x, a, b, (p, q, _) -> p * q));
      assertNear(Tensors.of(x, 5).overInPlace(ta), each(x, a, b, (p, q, _) -> p / q));
      assertNear(
          Tensors.of(x, 5).plusElementwiseInPlace(ta, tb, -2),
          each(x, a, b, (p, q, r) -> p - 2 * q * r));
      assertNear(
          Tensors.of(x, 5).plusQuotientInPlace(ta, tb, -2),
          each(x, a, b, (p, q, r) -> p - 2 * q / r));
      assertNear(Tensors.of(x, 5).copyInPlace(ta), a);
      assertThat(ta.toDoubles()).isEqualTo(a);
    }
  }

  @Test
  void elementwiseVerbsLeaveTheirTensorAlone() {
    double[] x = numbers(1, 5);
    double[] a = numbers(2, 5);
    try (Scope _ = Scope.open()) {
      Tensor tx = Tensors.of(x, 5);
      Tensor ta = Tensors.of(a, 5);
      assertNear(tx.minus(ta), each(x, a, a, (p, q, _) -> p - q));
      assertNear(tx.over(ta), each(x, a, a, (p, q, _) -> p / q));
      assertNear(tx.over(4), each(x, a, a, (p, _, _) -> p / 4));
      assertNear(tx.exp(), each(x, a, a, (p, _, _) -> Math.exp(p)));
      assertNear(tx.sin(), each(x, a, a, (p, _, _) -> Math.sin(p)));
      assertNear(tx.cos(), each(x, a, a, (p, _, _) -> Math.cos(p)));
      assertNear(tx.clampMin(1), each(x, a, a, (p, _, _) -> Math.max(p, 1)));
      assertNear(tx.clampMax(1), each(x, a, a, (p, _, _) -> Math.min(p, 1)));
      assertThat(tx.toDoubles()).isEqualTo(x);
    }
  }

  @Test
  void reductionsRunOverTheNamedDimension() {
    try (Scope _ = Scope.open()) {
      Tensor x = Tensors.of(new double[] {1, 2, 3, 4, 5, 9}, 2, 3);
      assertThat(x.sum(0).toDoubles()).containsExactly(5, 7, 12);
      assertThat(x.sum(1).toDoubles()).containsExactly(6, 18);
      assertThat(x.mean(1).toDoubles()).containsExactly(2, 6);
      assertThat(x.mean(-1).toDoubles()).containsExactly(2, 6);
      assertThat(x.sum().item()).isEqualTo(24);
      assertThat(x.mean().item()).isEqualTo(4);
      assertThat(x.max().item()).isEqualTo(9);
      assertThat(x.norm().item()).isCloseTo(Math.sqrt(136), within(1e-12));
      assertThat(Functions.cumulativeSum(x, 1).toDoubles()).containsExactly(1, 3, 6, 4, 9, 18);
      assertThat(Functions.logSumExp(x, 0).toDoubles()[0])
          .isCloseTo(Math.log(Math.exp(1) + Math.exp(4)), within(1e-12));
    }
  }

  @Test
  void slicesTakeWhatTheyName() {
    try (Scope _ = Scope.open()) {
      Tensor x = Tensors.of(new double[] {0, 1, 2, 3, 4, 5}, 2, 3);
      assertThat(x.narrow(1, 1, 2).toDoubles()).containsExactly(1, 2, 4, 5);
      assertThat(x.select(1, 2).toDoubles()).containsExactly(2, 5);
      assertThat(x.gather(1, Tensors.of(new long[] {2, 0}, 2, 1)).toDoubles())
          .containsExactly(2, 3);
      assertThat(x.upperTriangle(1).toDoubles()).containsExactly(0, 1, 2, 0, 0, 5);
      Tensor counts = Tensors.zeros(DType.FLOAT64, Device.CPU, 1, 3);
      counts.scatterPlusInPlace(
          1, Tensors.of(new long[] {2, 2, 0}, 1, 3), Tensors.of(new double[] {1, 10, 5}, 1, 3));
      assertThat(counts.toDoubles()).containsExactly(5, 0, 11);
      Tensor large = Tensors.of(new long[] {0, 0, 0, 0, 1, 1}, 2, 3).to(DType.BOOL);
      assertThat(x.maskedFill(large, -1).toDoubles()).containsExactly(0, 1, 2, 3, -1, -1);
      assertThat(Tensors.cat(List.of(x, x), 0).shape()).containsExactly(4, 3);
      assertThat(Tensors.stack(List.of(x, x), 2).shape()).containsExactly(2, 3, 2);
    }
  }

  @Test
  void copyHasItsOwnMemoryAndASliceDoesNot() {
    try (Scope _ = Scope.open()) {
      Tensor x = Tensors.of(new double[] {1, 2, 3}, 3);
      Tensor copy = x.copy();
      x.narrow(0, 1, 1).timesInPlace(10);
      assertThat(x.toDoubles()).containsExactly(1, 20, 3);
      assertThat(copy.toDoubles()).containsExactly(1, 2, 3);
    }
  }

  @Test
  void arrayThatChangesLaterChangesNothing() {
    try (Scope _ = Scope.open()) {
      double[] values = {1, 2};
      Tensor x = Tensors.of(values, 2);
      values[0] = 9;
      assertThat(x.toDoubles()).containsExactly(1, 2);
    }
  }

  @Test
  void oneValueThatIsNotFiniteIsNoticedInEveryFloatingType() {
    try (Scope _ = Scope.open()) {
      for (DType type : DType.values()) {
        if (type.isFloatingPoint()) {
          assertThat(Tensors.of(new double[] {1, 2}, 2).to(type).isFinite()).isTrue();
          assertThat(Tensors.of(new double[] {1, Double.NaN}, 2).to(type).isFinite()).isFalse();
          assertThat(Tensors.of(new double[] {-1 / 0.0, 1}, 2).to(type).isFinite()).isFalse();
        }
      }
      assertThat(Tensors.of(new double[] {1e300}, 1).to(DType.FLOAT32).isFinite()).isFalse();
      assertThat(Tensors.zeros(DType.FLOAT32, Device.CPU, 0, 3).isFinite()).isTrue();
    }
  }

  @ParameterizedTest
  @EnumSource(DType.class)
  void safetensorsNameLeadsBackToItsType(DType type) {
    assertThat(DType.ofSafetensors(type.safetensorsName())).contains(type);
    try (Scope _ = Scope.open()) {
      assertThat(Tensors.zeros(type, Device.CPU, 2, 3))
          .hasToString(type + "[2, 3]")
          .extracting(Tensor::type)
          .isEqualTo(type);
    }
  }

  @Test
  void sumsAreNeverKeptBelowFloat32() {
    assertThat(DType.BFLOAT16.accumulator()).isEqualTo(DType.FLOAT32);
    assertThat(DType.FLOAT16.accumulator()).isEqualTo(DType.FLOAT32);
    assertThat(DType.FLOAT32.accumulator()).isEqualTo(DType.FLOAT32);
    assertThat(DType.FLOAT64.accumulator()).isEqualTo(DType.FLOAT64);
  }

  @Test
  void shapesThatDoNotFitAreABug() {
    try (Scope _ = Scope.open()) {
      Tensor x = Tensors.of(new double[] {1, 2}, 2);
      Tensor y = Tensors.of(new double[] {1, 2, 3}, 3);
      assertThatThrownBy(() -> x.plus(y)).isInstanceOf(RuntimeException.class);
    }
  }

  private interface Formula {
    double apply(double x, double a, double b);
  }

  private static double[] each(double[] x, double[] a, double[] b, Formula formula) {
    double[] values = new double[x.length];
    Arrays.setAll(values, i -> formula.apply(x[i], a[i], b[i]));
    return values;
  }

  private static double[] first(double[] values, int count) {
    return Arrays.copyOf(values, count);
  }

  private static double[] numbers(long seed, int count) {
    return new Random(seed).doubles(count, 0.5, 2).toArray();
  }

  private static void assertNear(Tensor actual, double... expected) {
    assertThat(actual.toDoubles()).containsExactly(expected, within(1e-12));
  }
}
