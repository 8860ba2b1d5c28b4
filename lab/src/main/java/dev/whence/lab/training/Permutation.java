package dev.whence.lab.training;

import java.util.Random;
import java.util.stream.LongStream;

/** Orders that depend on a seed alone. */
public final class Permutation {
  private Permutation() {}

  /** Fisher and Yates's. */
  public static void shuffle(long[] values, Random random) {
    for (int i = values.length - 1; i > 0; i--) {
      int j = random.nextInt(i + 1);
      long swapped = values[i];
      values[i] = values[j];
      values[j] = swapped;
    }
  }

  /** The numbers from 0 to {@code size}, not included, in an order of a seed. */
  public static long[] of(long size, long seed) {
    long[] values = LongStream.range(0, size).toArray();
    shuffle(values, new Random(seed));
    return values;
  }

  /** Some of the numbers from 0 to {@code size}, drawn without replacement, ascending. */
  public static long[] sample(long size, long count, long seed) {
    return LongStream.of(of(size, seed)).limit(count).sorted().toArray();
  }
}
