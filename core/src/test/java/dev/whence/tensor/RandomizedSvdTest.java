package dev.whence.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import dev.whence.testing.TestDevice;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Products of low rank, against Eckart and Young's bound from the whole decomposition. */
@Tag(TestDevice.TAG)
class RandomizedSvdTest {
  private static final long SEED = 17;
  private final Random random = new Random(SEED);

  @ParameterizedTest
  @CsvSource({"5, 7, 1", "5, 7, 4", "5, 7, 9", "7, 5, 3", "40, 60, 8"})
  void smallMatricesAreTruncatedExactly(int m, int n, int rank) {
    try (Scope _ = Scope.open()) {
      Tensor matrix = gaussian(m, n);
      assertThat(error(matrix, rank)).isCloseTo(bound(matrix, rank), within(1e-12));
    }
  }

  @ParameterizedTest
  @CsvSource({"160, 300, 2, 1.2", "300, 160, 2, 1.2", "200, 200, 4, 0.8"})
  void largeOnesComeWithinAPercentOfTheBest(int m, int n, int rank, double decay) {
    try (Scope _ = Scope.open()) {
      Tensor matrix = decaying(m, n, decay);
      assertThat((long) Math.min(m, n)).isGreaterThanOrEqualTo(8L * (rank + 16));
      double best = bound(matrix, rank);
      assertThat(error(matrix, rank))
          .as("seed %d", SEED)
          .isBetween(best * (1 - 1e-12), best * 1.01);
    }
  }

  @Test
  void matrixOfThatRankIsRecovered() {
    try (Scope _ = Scope.open()) {
      Tensor matrix = gaussian(200, 3).matmul(gaussian(3, 250));
      assertThat(error(matrix, 4) / matrix.norm().item()).isLessThan(1e-12);
    }
  }

  /** The type and the branch of every run that is not float64. */
  @ParameterizedTest
  @CsvSource({"200, 300, 8, 1.0", "300, 200, 8, 0.7"})
  void inFloat32LargeOnesComeWithinAPercentOfTheBestToo(int m, int n, int rank, double decay) {
    try (Scope _ = Scope.open()) {
      Tensor matrix = decaying(m, n, decay);
      double best = bound(matrix, rank);
      RandomizedSvd.Product thin = RandomizedSvd.of(matrix.to(DType.FLOAT32), rank);
      assertThat(thin.left().type()).isEqualTo(DType.FLOAT32);
      double error = product(thin).to(DType.FLOAT64).minus(matrix).norm().item();
      assertThat(error).as("seed %d", SEED).isBetween(best * (1 - 1e-5), best * 1.01);
    }
  }

  @Test
  void inFloat32AMatrixOfThatRankIsRecoveredWhateverItsScale() {
    try (Scope _ = Scope.open()) {
      Tensor matrix = gaussian(200, 3).matmul(gaussian(3, 250));
      for (double scale : new double[] {1e-12, 1, 1e12}) {
        Tensor scaled = matrix.times(scale);
        Tensor difference =
            product(RandomizedSvd.of(scaled.to(DType.FLOAT32), 4)).to(DType.FLOAT64).minus(scaled);
        assertThat(difference.norm().item() / scaled.norm().item())
            .as("scale %g, seed %d", scale, SEED)
            .isLessThan(2e-6);
      }
    }
  }

  @Test
  void zeroHasNoDirectionsAndNoNaN() {
    try (Scope _ = Scope.open()) {
      Tensor zero = Tensors.zeros(DType.FLOAT32, TestDevice.DEVICE, 200, 300);
      assertThat(product(RandomizedSvd.of(zero, 4)).toDoubles()).containsOnly(0);
    }
  }

  @Test
  void severalMatricesAreThoseOfEachAlone() {
    try (Scope _ = Scope.open()) {
      List<Tensor> matrices =
          List.of(decaying(200, 300, 1), decaying(200, 300, 0.5), gaussian(200, 300));
      RandomizedSvd.Product together = RandomizedSvd.of(Tensors.stack(matrices, 0), 4);
      for (int i = 0; i < matrices.size(); i++) {
        Tensor alone = product(RandomizedSvd.of(matrices.get(i), 4));
        Tensor difference =
            together.left().select(0, i).matmul(together.right().select(0, i)).minus(alone);
        assertThat(difference.norm().item()).as("seed %d", SEED).isLessThan(1e-9);
      }
    }
  }

  @Test
  void severalSmallMatricesAreTruncatedEach() {
    try (Scope _ = Scope.open()) {
      List<Tensor> matrices = List.of(gaussian(9, 7), gaussian(9, 7));
      RandomizedSvd.Product together = RandomizedSvd.of(Tensors.stack(matrices, 0), 3);
      for (int i = 0; i < 2; i++) {
        Tensor product = together.left().select(0, i).matmul(together.right().select(0, i));
        assertThat(product.minus(matrices.get(i)).norm().item())
            .isCloseTo(bound(matrices.get(i), 3), within(1e-12));
      }
    }
  }

  @Test
  void sameMatrixHasTheSameProduct() {
    try (Scope _ = Scope.open()) {
      Tensor matrix = decaying(200, 300, 1);
      assertThat(product(RandomizedSvd.of(matrix, 4)).toDoubles())
          .isEqualTo(product(RandomizedSvd.of(matrix, 4)).toDoubles());
    }
  }

  @ParameterizedTest
  @CsvSource({"200, 300, 4", "300, 200, 1", "20, 30, 4"})
  void itsMultiplyAddsAreThoseThatAreForetold(int m, int n, int rank) {
    try (Scope _ = Scope.open()) {
      Tensor matrix = gaussian(m, n);
      assertThat((double) MultiplyAdds.of(() -> RandomizedSvd.of(matrix, rank)))
          .isEqualTo(RandomizedSvd.multiplyAdds(m, n, rank));
    }
  }

  private static org.assertj.core.data.Offset<Double> within(double offset) {
    return org.assertj.core.data.Offset.offset(offset);
  }

  private static double error(Tensor matrix, int rank) {
    return product(RandomizedSvd.of(matrix, rank)).minus(matrix).norm().item();
  }

  private static Tensor product(RandomizedSvd.Product thin) {
    return thin.left().matmul(thin.right());
  }

  /** The distance to the nearest matrix of this rank: the norm of the other singular values. */
  private static double bound(Tensor matrix, int rank) {
    double[] singular = Eigen.singular(matrix).s().toDoubles();
    double tail = 0;
    for (int k = rank; k < singular.length; k++) {
      tail += singular[k] * singular[k];
    }
    return Math.sqrt(tail);
  }

  /** Singular values fall as a power of their index. */
  private Tensor decaying(int m, int n, double power) {
    Eigen.Singular parts = Eigen.singular(gaussian(m, n));
    double[] values = new double[Math.min(m, n)];
    for (int k = 0; k < values.length; k++) {
      values[k] = Math.pow(k + 1, -power);
    }
    return parts
        .u()
        .times(Tensors.of(values, values.length).to(TestDevice.DEVICE))
        .matmul(parts.vt());
  }

  private Tensor gaussian(int m, int n) {
    return Tensors.of(random.doubles((long) m * n, -1, 1).toArray(), m, n).to(TestDevice.DEVICE);
  }
}
