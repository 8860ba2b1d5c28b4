package dev.whence.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LongProductTest {
  private static final long SEED = 41;

  private final Random random = new Random(SEED);

  @ParameterizedTest
  @CsvSource({
    "3, 5, 2", // short: the plain product
    "16, 20000, 64", // pieces of 878, and a rest
    "1, 3600000, 1", // pieces of 900,000, and no rest
    "2, 2000001, 3",
    "7, 999, 300",
    "64, 100000, 256", // pieces too short to be worth while
  })
  void itIsThePlainProduct(int m, int n, int p) {
    try (Scope _ = Scope.open()) {
      Tensor a = Tensors.of(random.doubles((long) m * n, -1, 1).toArray(), m, n);
      Tensor b = Tensors.of(random.doubles((long) n * p, -1, 1).toArray(), n, p);
      Tensor expected = a.matmul(b);
      Tensor actual = LongProduct.of(a, b);
      assertThat(actual.shape()).isEqualTo(expected.shape());
      assertThat(actual.minus(expected).abs().max().item())
          .as("seed %d", SEED)
          .isLessThan(1e-12 * n);
      assertThat(MultiplyAdds.of(() -> LongProduct.of(a, b))).isEqualTo((long) m * n * p);
    }
  }
}
