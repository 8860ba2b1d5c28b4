package dev.whence.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Against a loop over examples, positions, rows and columns. */
class OuterProductsTest {
  private static final long SEED = 17;

  @ParameterizedTest
  @CsvSource({"1, 3, 4, 5", "2, 1, 4, 5", "7, 3, 2, 6", "5, 9, 1, 1", "3, 0, 2, 2"})
  void sumsOuterProductsOfEachExample(int batch, int positions, int rows, int columns) {
    Random random = new Random(SEED);
    double[] left = random.doubles((long) batch * positions * rows).toArray();
    double[] right = random.doubles((long) batch * positions * columns).toArray();
    double[] found;
    long counted;
    try (Scope _ = Scope.open()) {
      Tensor a = Tensors.of(left, batch, positions, rows);
      Tensor b = Tensors.of(right, batch, positions, columns);
      found = OuterProducts.of(a, b).toDoubles();
      counted = MultiplyAdds.of(() -> OuterProducts.of(a, b));
    }
    for (int e = 0; e < batch; e++) {
      for (int r = 0; r < rows; r++) {
        for (int c = 0; c < columns; c++) {
          double sum = 0;
          for (int t = 0; t < positions; t++) {
            sum += left[(e * positions + t) * rows + r] * right[(e * positions + t) * columns + c];
          }
          assertThat(found[(e * rows + r) * columns + c]).isCloseTo(sum, within(1e-13));
        }
      }
    }
    assertThat(counted).isEqualTo((long) batch * positions * rows * columns);
  }

  @Test
  void smallAndLargeTypesAndViewsAgreeWithOneProduct() {
    Random random = new Random(SEED);
    try (Scope _ = Scope.open()) {
      for (int width : new int[] {6, 2100}) { // the second is no longer small
        Tensor wide = Tensors.of(random.doubles(2L * 5 * 4 * width).toArray(), 5, 8, width);
        Tensor left = wide.narrow(1, 2, 4).to(DType.FLOAT32).narrow(2, 0, width / 2);
        Tensor right = wide.narrow(1, 0, 4).to(DType.FLOAT32);
        Tensor expected = left.transpose(1, 2).bmm(right);
        Tensor difference = OuterProducts.of(left, right).minus(expected);
        assertThat(difference.norm().item()).isLessThan(1e-5 * expected.norm().item());
      }
    }
  }
}
