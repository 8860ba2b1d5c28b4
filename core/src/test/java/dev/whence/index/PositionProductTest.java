package dev.whence.index;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.lang.foreign.MemorySegment;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PositionProductTest {
  private static final long SEED = 11;

  /** Sides of less than a word, of words, and of words and a part, up to the last bit. */
  @ParameterizedTest
  @ValueSource(ints = {1, 7, 8, 9, 56, 63, 64, 65, 72, 100, 120, 121, 128, 129, 360, 500})
  void countingBitsIsMultiplyingWithSigns(int side) {
    SidesFormat format = new SidesFormat(side, 1);
    Random random = new Random(SEED + side);
    for (int i = 0; i < 20; i++) {
      float[] query = numbers(random, side);
      float[] indexed = numbers(random, side);
      // Records end where the memory does, so that nothing can be read beyond them.
      int at = random.nextInt(9);
      MemorySegment records = MemorySegment.ofArray(new byte[at + format.bytes()]);
      format.encode(indexed, 0, records, at);
      double[] sides = new double[2];
      double[] tolerance = new double[2];
      for (int s = 0; s < 2; s++) {
        double largest = 0;
        for (int j = s * side; j < (s + 1) * side; j++) {
          sides[s] += indexed[j] < 0 ? -query[j] : query[j];
          largest = Math.max(largest, Math.abs(query[j]));
        }
        tolerance[s] = side * largest / 31 / 2 + 1e-6;
      }
      double most =
          tolerance[0] * Math.abs(sides[1])
              + tolerance[1] * Math.abs(sides[0])
              + tolerance[0] * tolerance[1];
      assertThat((double) format.product(query).with(records, at))
          .as("seed %d", SEED + side)
          .isCloseTo(sides[0] * sides[1], within(1.0001 * most));
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 4, 8})
  void productWithNothingIsNothing(int bits) {
    SidesFormat format = new SidesFormat(33, bits);
    MemorySegment records = MemorySegment.ofArray(new byte[format.bytes()]);
    format.encode(numbers(new Random(SEED), 33), 0, records, 0);
    assertThat(format.product(new float[66]).with(records, 0)).isZero();
  }

  /** Tables and counting give the same, where both can be used. */
  @ParameterizedTest
  @ValueSource(ints = {5, 64, 120})
  void countingBitsAgreesWithTables(int side) {
    SidesFormat format = new SidesFormat(side, 1);
    Random random = new Random(SEED);
    float[] whole = new float[2 * side]; // of at most 31 units, so that nothing is rounded
    for (int j = 0; j < whole.length; j++) {
      whole[j] = random.nextInt(-31, 32);
    }
    whole[0] = 31;
    whole[side] = -31;
    MemorySegment records = MemorySegment.ofArray(new byte[format.bytes()]);
    format.encode(numbers(random, side), 0, records, 0);
    assertThat(SignProduct.of(format, whole).with(records, 0))
        .isEqualTo(TableProduct.of(format, whole).with(records, 0));
  }

  private static float[] numbers(Random random, int side) {
    float[] numbers = new float[2 * side];
    for (int j = 0; j < numbers.length; j++) {
      numbers[j] = (float) random.nextGaussian();
    }
    return numbers;
  }
}
