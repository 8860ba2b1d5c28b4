package dev.whence.curvature;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.whence.InvalidInputException;
import dev.whence.tensor.DType;
import dev.whence.tensor.Device;
import dev.whence.tensor.Scope;
import dev.whence.tensor.Tensor;
import dev.whence.tensor.Tensors;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CovarianceTest {
  private static final int SIZE = 7;
  private static final long SEED = 3;

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, SIZE})
  void meanIsThatOfOuterProductsInDiagonalBlocks(int count) {
    Random random = new Random(SEED);
    Blocks blocks = new Blocks(SIZE, count);
    List<double[]> seen = new ArrayList<>();
    try (Scope _ = Scope.open();
        Covariance covariance = Covariance.zero(blocks, DType.FLOAT64, Device.CPU)) {
      for (int batch = 1; batch <= 3; batch++) {
        double[][] rows = Dense.random(random, 2 * batch, SIZE);
        seen.addAll(List.of(rows));
        covariance.add(Tensors.of(Dense.flat(rows), batch, 2, SIZE)); // [batch, positions, n]
      }
      double[][] expected = Dense.meanOuterProduct(seen);
      List<Tensor> mean = covariance.mean(seen.size(), DType.FLOAT64);
      assertThat(mean).hasSize(count);
      for (int b = 0; b < count; b++) {
        int start = blocks.start(b);
        int length = blocks.length(b);
        double[][] block = new double[length][length];
        for (int i = 0; i < length; i++) {
          System.arraycopy(expected[start + i], start, block[i], 0, length);
        }
        assertThat(mean.get(b).shape()).containsExactly(length, length);
        assertThat(Dense.error(mean.get(b).toDoubles(), Dense.flat(block)))
            .as("block %d of %d, seed %d", b, count, SEED)
            .isLessThan(1e-14);
      }
    }
  }

  @Test
  void centreIsNotSubtracted() {
    try (Scope _ = Scope.open();
        Covariance covariance = Covariance.zero(new Blocks(2, 1), DType.FLOAT64, Device.CPU)) {
      covariance.add(Tensors.of(new double[] {1, 2, 1, 2}, 2, 2)); // a constant has no variance
      assertThat(covariance.mean(2, DType.FLOAT64).getFirst().toDoubles())
          .containsExactly(1, 2, 2, 4);
    }
  }

  @Test
  void nothingSeenIsZeroAndNotDividedByZero() {
    try (Scope _ = Scope.open();
        Covariance covariance = Covariance.zero(new Blocks(2, 2), DType.FLOAT64, Device.CPU)) {
      covariance
          .mean(0, DType.FLOAT64)
          .forEach(block -> assertThat(block.toDoubles()).containsOnly(0));
    }
  }

  @ParameterizedTest
  @CsvSource({"1, 1", "7, 1", "7, 2", "7, 3", "7, 7", "128, 5", "200000, 7"})
  void blocksLieEndToEndAndAreOfNearlyOneSize(int size, int count) {
    Blocks blocks = new Blocks(size, count);
    int end = 0;
    for (int b = 0; b < count; b++) {
      assertThat(blocks.start(b)).isEqualTo(end);
      assertThat(blocks.length(b)).isBetween(size / count, (size + count - 1) / count);
      end += blocks.length(b);
    }
    assertThat(end).isEqualTo(size).isEqualTo(blocks.start(count));
  }

  /** LAPACK's workspace is counted in 32 bits: said before any pass, not after the first. */
  @Test
  void blocksTooLargeToBeDecomposedAreRefusedWithTheNumberThatWouldDo() {
    assertThat(new Blocks(32_766, 1).requireDecomposable().length(0)).isEqualTo(32_766);
    assertThat(new Blocks(100_000, 4).requireDecomposable().count()).isEqualTo(4);
    assertThatThrownBy(() -> new Blocks(100_000, 3).requireDecomposable())
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("--blocks is 3")
        .hasMessageContaining("give --blocks 4 or more");
  }

  @ParameterizedTest
  @ValueSource(ints = {-1, 0, 8})
  void blocksThatTheLayerIsTooNarrowForAreRefused(int count) {
    assertThatThrownBy(() -> new Blocks(SIZE, count))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("--blocks is " + count)
        .hasMessageContaining("7");
  }
}
