package dev.whence.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.whence.testing.TestDevice;
import java.util.HashSet;
import java.util.Random;
import java.util.Set;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag(TestDevice.TAG)
class HashedUniformsTest {
  private static final long SEED = 31;

  @Test
  void areThoseOfPlainIntegerArithmetic() {
    Random random = new Random(SEED);
    long[] keys = {0, 1, -1, Long.MIN_VALUE, Long.MAX_VALUE, random.nextLong(), random.nextLong()};
    for (long seed : new long[] {0, 7, -3, random.nextLong()}) {
      double[] uniforms = uniforms(seed, 2, keys, 5);
      for (int k = 0; k < keys.length; k++) {
        for (int t = 0; t < 5; t++) {
          assertThat(uniforms[k * 5 + t])
              .as("seed %d, key %d, position %d", seed, keys[k], t)
              .isEqualTo(byHand(seed, 2, keys[k], t));
        }
      }
    }
  }

  @Test
  void dependOnSeedStreamKeyAndPosition() {
    double uniform = uniform(1, 1, 1, 1);
    assertThat(uniform).isEqualTo(uniform(1, 1, 1, 1)).isBetween(0.0, 1.0);
    assertThat(uniform(2, 1, 1, 1)).isNotEqualTo(uniform);
    assertThat(uniform(1, 2, 1, 1)).isNotEqualTo(uniform);
    assertThat(uniform(1, 1, 2, 1)).isNotEqualTo(uniform);
    assertThat(uniform(1, 1, 1, 2)).isNotEqualTo(uniform);
    // All 64 bits of seed and key count, not their low halves.
    assertThat(uniform(1 + (1L << 40), 1, 1, 1)).isNotEqualTo(uniform);
    assertThat(uniform(1, 1, 1 + (1L << 40), 1)).isNotEqualTo(uniform);
  }

  @Test
  void nearbyArgumentsDoNotCollideOrCancel() {
    Set<Double> seen = new HashSet<>();
    int size = 12;
    long[] keys = LongStream.range(0, size).toArray();
    for (int seed = 0; seed < size; seed++) {
      for (int stream = 0; stream < 3; stream++) {
        for (double uniform : uniforms(seed, stream, keys, size)) {
          seen.add(uniform);
        }
      }
    }
    assertThat(seen).hasSize(size * 3 * size * size);
    double mean = seen.stream().mapToDouble(u -> u).average().orElseThrow();
    assertThat(mean).isCloseTo(0.5, within(0.02)); // five deviations of a mean of 5,184
  }

  private static double uniform(long seed, int stream, long key, int position) {
    return uniforms(seed, stream, new long[] {key}, position + 1L)[position];
  }

  private static double[] uniforms(long seed, int stream, long[] keys, long positions) {
    try (Scope _ = Scope.open()) {
      return HashedUniforms.of(
              seed, stream, Tensors.of(keys, TestDevice.DEVICE, keys.length), positions)
          .toDoubles();
    }
  }

  private static double byHand(long seed, int stream, long key, int position) {
    return (mix(mix(mix(mix(seed) ^ stream) ^ key) ^ position) >>> 11) * 0x1.0p-53;
  }

  private static long mix(long bits) {
    long z = bits + 0x9E3779B97F4A7C15L;
    z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
    return z ^ (z >>> 31);
  }
}
