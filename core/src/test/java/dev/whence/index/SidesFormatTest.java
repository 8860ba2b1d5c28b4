package dev.whence.index;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SidesFormatTest {
  private static final long SEED = 5;
  private static final int SIDE = 1_003; // no whole number of bytes at any bits below 8

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 4, 8})
  void codesTimesTheNumbersThemselvesAreTheirSquare(int bits) {
    SidesFormat format = new SidesFormat(SIDE, bits);
    float[] numbers = numbers(SEED, 7);
    double square = product(numbers, numbers, 0) * product(numbers, numbers, SIDE);
    // The scale has 8 bits.
    assertThat(encodedProduct(format, numbers, numbers)).isCloseTo(square, within(0.004 * square));
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 4, 8})
  void productsWithOthersAreAsNearAsTheBitsAllow(int bits) {
    SidesFormat format = new SidesFormat(SIDE, bits);
    double squaredError = 0;
    int pairs = 100;
    for (int i = 0; i < pairs; i++) {
      float[] numbers = numbers(SEED + i, 3);
      float[] query = numbers(SEED + 1_000 + i, 0.1);
      // One side alike, so that the other's estimate is seen as it is.
      System.arraycopy(numbers, SIDE, query, SIDE, SIDE);
      double lengths =
          Math.sqrt(product(numbers, numbers, 0) * product(query, query, 0))
              * product(numbers, numbers, SIDE);
      double exact = product(numbers, query, 0) * product(numbers, numbers, SIDE);
      double error = (encodedProduct(format, numbers, query) - exact) / lengths;
      squaredError += error * error / pairs;
    }
    // For normally distributed numbers the codes lose this share of their square (Max 1960).
    double lost =
        switch (bits) {
          case 1 -> 0.3634;
          case 2 -> 0.1188;
          case 4 -> 0.01154;
          default -> 0.0001;
        };
    double expected = Math.sqrt(lost / (1 - lost) / SIDE);
    assertThat(Math.sqrt(squaredError)).as("bits %d", bits).isLessThan(1.5 * expected);
    if (bits <= 4) {
      assertThat(Math.sqrt(squaredError)).as("bits %d", bits).isGreaterThan(expected / 1.5);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 4, 8})
  void positionWithoutGradientHasNoInfluence(int bits) {
    SidesFormat format = new SidesFormat(SIDE, bits);
    float[] masked = numbers(SEED, 1);
    Arrays.fill(masked, SIDE, 2 * SIDE, 0);
    assertThat(encodedProduct(format, masked, numbers(SEED + 1, 1))).isZero();
  }

  @Test
  void bytesAreThoseThatTheFormatSays() {
    assertThat(new SidesFormat(120, 1).bytes()).isEqualTo(32);
    assertThat(new SidesFormat(121, 1).bytes()).isEqualTo(34);
    assertThat(new SidesFormat(120, 4).bytes()).isEqualTo(122);
    assertThat(new TraceFormat(10, 32).bytes()).isEqualTo(42);
    assertThat(new TraceFormat(10, 16).bytes()).isEqualTo(22);
  }

  @ParameterizedTest
  @ValueSource(ints = {16, 32})
  void tracesComeBackAsTheyWere(int bits) {
    TraceFormat format = new TraceFormat(SIDE, bits);
    float[] numbers = numbers(SEED, 1e-3);
    MemorySegment records = MemorySegment.ofArray(new byte[format.bytes()]);
    format.encode(numbers, 0, records, 0);
    float[] decoded = new float[SIDE];
    format.decode(records, 0, decoded, 0);
    for (int j = 0; j < SIDE; j++) {
      float tolerance = bits == 32 ? 0 : 1e-3f * Math.abs(numbers[j]) + 1e-9f;
      assertThat(decoded[j]).isCloseTo(numbers[j], within(tolerance));
    }
  }

  private static double encodedProduct(SidesFormat format, float[] numbers, float[] query) {
    MemorySegment records = MemorySegment.ofArray(new byte[format.bytes()]);
    format.encode(numbers, 0, records, 0);
    return (double) PositionFormat.scale(records, 0) * format.product(query).with(records, 0);
  }

  private static float[] numbers(long seed, double size) {
    Random random = new Random(seed);
    float[] numbers = new float[2 * SIDE];
    for (int j = 0; j < numbers.length; j++) {
      numbers[j] = (float) (size * random.nextGaussian());
    }
    return numbers;
  }

  private static double product(float[] a, float[] b, int from) {
    double sum = 0;
    for (int j = from; j < from + SIDE; j++) {
      sum += (double) a[j] * b[j];
    }
    return sum;
  }
}
