package dev.whence.index;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.lang.foreign.MemorySegment;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PositionCodeTest {
  private static final long SEED = 5;
  private static final int COMPONENTS = 1_003; // no whole number of bytes at any bits below 8

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 4, 8, 16, 32})
  void codesTimesTheNumbersThemselvesAreTheirSquare(int bits) {
    PositionCode code = new PositionCode(COMPONENTS, bits);
    float[] numbers = numbers(SEED, 7);
    double square = product(numbers, numbers);
    // The scale has 8 bits; numbers of 16 bits are rounded themselves.
    assertThat(encodedProduct(code, numbers, numbers)).isCloseTo(square, within(0.004 * square));
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 4, 8, 16, 32})
  void productsWithOthersAreAsNearAsTheBitsAllow(int bits) {
    PositionCode code = new PositionCode(COMPONENTS, bits);
    double squaredError = 0;
    int pairs = 50;
    for (int i = 0; i < pairs; i++) {
      float[] numbers = numbers(SEED + i, 3);
      float[] query = numbers(SEED + 1_000 + i, 0.1);
      double exact = product(numbers, query);
      double lengths = Math.sqrt(product(numbers, numbers) * product(query, query));
      double error = (encodedProduct(code, numbers, query) - exact) / lengths;
      squaredError += error * error / pairs;
    }
    // For normally distributed numbers the codes lose this share of their square (Max 1960).
    double lost =
        switch (bits) {
          case 1 -> 0.3634;
          case 2 -> 0.1188;
          case 4 -> 0.01154;
          case 8 -> 0.0001;
          default -> 0.00002; // the scale's rounding
        };
    double expected = Math.sqrt(lost / (1 - lost) / COMPONENTS);
    assertThat(Math.sqrt(squaredError)).as("bits %d", bits).isLessThan(1.5 * expected);
    if (bits <= 4) {
      assertThat(Math.sqrt(squaredError)).as("bits %d", bits).isGreaterThan(expected / 1.5);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 4, 8, 16, 32})
  void positionWithoutGradientHasNoInfluence(int bits) {
    PositionCode code = new PositionCode(COMPONENTS, bits);
    assertThat(encodedProduct(code, new float[COMPONENTS], numbers(SEED, 1))).isZero();
  }

  @Test
  void numbersOf32BitsComeBackAsTheyWere() {
    PositionCode code = new PositionCode(COMPONENTS, 32);
    float[] numbers = numbers(SEED, 1e-3);
    MemorySegment records = encoded(code, numbers);
    float[] decoded = new float[COMPONENTS];
    code.decode(records, 0, decoded, 0);
    assertThat(decoded).isEqualTo(numbers);
  }

  @Test
  void bytesAreThoseThatTheFormatSays() {
    assertThat(new PositionCode(240, 1).bytes()).isEqualTo(32);
    assertThat(new PositionCode(241, 1).bytes()).isEqualTo(33);
    assertThat(new PositionCode(240, 4).bytes()).isEqualTo(122);
    assertThat(new PositionCode(10, 32).bytes()).isEqualTo(42);
  }

  private static double encodedProduct(PositionCode code, float[] numbers, float[] query) {
    MemorySegment records = encoded(code, numbers);
    return (double) PositionCode.scale(records, 0) * code.product(code.prepared(query), records, 0);
  }

  private static MemorySegment encoded(PositionCode code, float[] numbers) {
    MemorySegment records = MemorySegment.ofArray(new byte[code.bytes()]);
    code.encode(numbers, 0, records, 0);
    return records;
  }

  private static float[] numbers(long seed, double size) {
    Random random = new Random(seed);
    float[] numbers = new float[COMPONENTS];
    for (int j = 0; j < COMPONENTS; j++) {
      numbers[j] = (float) (size * random.nextGaussian());
    }
    return numbers;
  }

  private static double product(float[] a, float[] b) {
    double sum = 0;
    for (int j = 0; j < a.length; j++) {
      sum += (double) a[j] * b[j];
    }
    return sum;
  }
}
