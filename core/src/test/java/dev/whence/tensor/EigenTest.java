package dev.whence.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class EigenTest {
  private static final long SEED = 5;

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 7, 33})
  void decompositionRebuildsTheMatrix(int n) {
    try (Scope _ = Scope.open()) {
      Tensor square = random(n, n);
      Tensor matrix = square.plus(square.t()); // indefinite
      Eigen.Symmetric eigen = Eigen.symmetric(matrix);
      Tensor q = eigen.vectors();
      assertNear(q.times(eigen.values()).matmul(q.t()), matrix);
      assertNear(q.t().matmul(q), identity(n));
      assertThat(eigen.values().toDoubles()).as("seed %d", SEED).isSorted();
    }
  }

  @Test
  void eigenvectorsAreColumns() {
    try (Scope _ = Scope.open()) {
      // Eigenvalues 0 and 25; the eigenvector of 25 is (3, 4) / 5.
      Eigen.Symmetric eigen = Eigen.symmetric(Tensors.of(new double[] {9, 12, 12, 16}, 2, 2));
      assertThat(eigen.values().toDoubles()[1]).isCloseTo(25, within(1e-12));
      double[] largest = eigen.vectors().select(1, 1).abs().toDoubles();
      assertThat(largest).containsExactly(new double[] {0.6, 0.8}, within(1e-12));
    }
  }

  @Test
  void onlyTheLowerTriangleIsRead() {
    try (Scope _ = Scope.open()) {
      Tensor lower = Tensors.of(new double[] {2, 1e9, 1, 2}, 2, 2);
      assertThat(Eigen.symmetric(lower).values().toDoubles())
          .containsExactly(new double[] {1, 3}, within(1e-12));
    }
  }

  @Test
  void precisionIsTheMatrixsOwn() {
    try (Scope _ = Scope.open()) {
      for (DType type : new DType[] {DType.FLOAT32, DType.FLOAT64}) {
        Eigen.Symmetric eigen = Eigen.symmetric(identity(3).to(type));
        assertThat(eigen.values().type()).isEqualTo(type);
        assertThat(eigen.vectors().type()).isEqualTo(type);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(doubles = {Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY})
  void valueThatIsNotFiniteIsAnArithmeticError(double value) {
    try (Scope _ = Scope.open()) {
      Tensor matrix = Tensors.of(new double[] {1, 0, value, 1}, 2, 2);
      assertThatThrownBy(() -> Eigen.symmetric(matrix))
          .isInstanceOf(ArithmeticException.class)
          .hasMessageContaining("not finite");
    }
  }

  @ParameterizedTest
  @CsvSource({"5, 3", "3, 5", "4, 4", "1, 6"})
  void singularValuesRebuildTheMatrix(int m, int n) {
    try (Scope _ = Scope.open()) {
      Tensor matrix = random(m, n);
      Eigen.Singular svd = Eigen.singular(matrix);
      int k = Math.min(m, n);
      assertThat(svd.u().shape()).containsExactly(m, k);
      assertThat(svd.vt().shape()).containsExactly(k, n);
      assertNear(svd.u().times(svd.s()).matmul(svd.vt()), matrix);
      assertNear(svd.u().t().matmul(svd.u()), identity(k));
      assertNear(svd.vt().matmul(svd.vt().t()), identity(k));
      double[] descending = svd.s().toDoubles();
      for (int i = 1; i < k; i++) {
        assertThat(descending[i]).as("seed %d", SEED).isBetween(0.0, descending[i - 1]);
      }
    }
  }

  private static void assertNear(Tensor actual, Tensor expected) {
    assertThat(actual.shape()).isEqualTo(expected.shape());
    assertThat(actual.minus(expected).abs().max().item()).as("seed %d", SEED).isLessThan(1e-12);
  }

  private static Tensor random(int m, int n) {
    return Tensors.of(new Random(SEED).doubles((long) m * n, -1, 1).toArray(), m, n);
  }

  private static Tensor identity(int n) {
    double[] values = new double[n * n];
    for (int i = 0; i < n; i++) {
      values[i * n + i] = 1;
    }
    return Tensors.of(values, n, n);
  }
}
