package dev.whence.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SymmetricProductTest {
  private static final long SEED = 5;
  private final Random random = new Random(SEED);

  @ParameterizedTest
  @CsvSource({
    "FLOAT64, 1, 1",
    "FLOAT64, 6, 9",
    "FLOAT64, 9, 6",
    "FLOAT64, 0, 3",
    "FLOAT32, 6, 9",
    "FLOAT32, 300, 70",
    "BFLOAT16, 6, 9"
  })
  void sumIsThatOfWholeProducts(DType type, int rows, int n) {
    try (Scope _ = Scope.open()) {
      Tensor sum = Tensors.zeros(type, Device.CPU, n, n);
      Tensor expected = Tensors.zeros(DType.FLOAT64, Device.CPU, n, n);
      for (int turn = 0; turn < 3; turn++) {
        // A view: rows apart by more than their length, and one transposed in memory.
        Tensor wide = integers(rows, n + 3).narrow(1, 2, n);
        Tensor x = turn < 2 ? wide : integers(n, rows).t();
        SymmetricProduct.accumulate(sum, x.to(type));
        expected.plusProductInPlace(x.t(), x);
      }
      assertThat(SymmetricProduct.whole(sum).toDoubles())
          .as("seed %d", SEED)
          .isEqualTo(expected.toDoubles());
    }
  }

  @ParameterizedTest
  @CsvSource({"FLOAT32", "FLOAT64"})
  void whatStandsAboveTheDiagonalDoesNotCount(DType type) {
    try (Scope _ = Scope.open()) {
      Tensor sum = Tensors.of(new double[] {1, Double.NaN, 2, 3}, 2, 2).to(type);
      assertThat(SymmetricProduct.whole(sum).toDoubles()).containsExactly(1, 2, 2, 3);
    }
  }

  /** Small enough that every type sums them without rounding. */
  private Tensor integers(int rows, int columns) {
    return Tensors.of(
        random.ints((long) rows * columns, -1, 2).asDoubleStream().toArray(), rows, columns);
  }
}
