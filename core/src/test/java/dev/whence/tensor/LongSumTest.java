package dev.whence.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LongSumTest {
  private static final long SEED = 4;

  /** In float32 alone, adding 1 to 2^25 changes nothing. */
  @Test
  void smallTermsAfterALargeOneAreNotLost() {
    try (Scope _ = Scope.open();
        LongSum sum = LongSum.zero(DType.FLOAT32, Device.CPU, false, 1)) {
      sum.chunk().plusInPlace(Tensors.of(new float[] {1 << 25}, 1));
      sum.endChunk(true);
      for (int chunk = 0; chunk < 100; chunk++) {
        sum.chunk().plusInPlace(Tensors.of(new float[] {1}, 1));
        sum.endChunk(true);
      }
      assertThat(sum.total().toDoubles()).containsExactly((1 << 25) + 100.0);
    }
  }

  /** What several machines do: a range each, merged in order. */
  @ParameterizedTest
  @CsvSource({"FLOAT32", "FLOAT64"})
  void rangesSummedApartAndMergedAreTheWholeToTheLastBit(DType type) {
    Random random = new Random(SEED);
    List<List<Tensor>> ranges = new ArrayList<>(); // each of chunks
    try (Scope _ = Scope.open();
        LongSum whole = LongSum.zero(type, Device.CPU, true, 5);
        LongSum merged = LongSum.zero(type, Device.CPU, true, 5)) {
      for (int r = 0; r < 7; r++) {
        List<Tensor> chunks = new ArrayList<>();
        for (int c = 0; c <= random.nextInt(4); c++) {
          double scale = Math.exp(10 * random.nextGaussian());
          chunks.add(Tensors.of(random.doubles(5, -scale, scale).toArray(), 5).to(type));
        }
        ranges.add(chunks);
      }
      for (List<Tensor> range : ranges) {
        add(whole, range);
        try (LongSum alone = LongSum.zero(type, Device.CPU, true, 5)) {
          add(alone, range);
          merged.merge(alone);
        }
      }
      assertThat(merged.total().toDoubles())
          .as("seed %d", SEED)
          .isEqualTo(whole.total().toDoubles());
    }
  }

  private static void add(LongSum sum, List<Tensor> chunks) {
    for (int c = 0; c < chunks.size(); c++) {
      sum.chunk().plusInPlace(chunks.get(c));
      sum.endChunk(c == chunks.size() - 1);
    }
  }

  @Test
  void aCompleteSumKeepsItsTotalAndTakesNoMore() {
    try (Scope _ = Scope.open();
        LongSum sum = LongSum.zero(DType.FLOAT32, Device.CPU, true, 2)) {
      sum.chunk().plusInPlace(Tensors.of(new float[] {1, 2}, 2));
      sum.endChunk(false);
      assertThatThrownBy(sum::total).isInstanceOf(IllegalStateException.class);
      sum.chunk().plusInPlace(Tensors.of(new float[] {3, 4}, 2));
      sum.endChunk(true);
      sum.complete();
      assertThat(sum.total().toDoubles()).containsExactly(4, 6);
      assertThatThrownBy(sum::chunk).isInstanceOf(IllegalStateException.class);
    }
  }
}
