package dev.whence.lab.training;

import java.util.Random;
import java.util.stream.LongStream;

/** Orders that depend on a seed alone. */
public final class Permutation {
  private Permutation() {}

  /** Shuffles in place, by the method of Fisher and Yates. */
  public static void shuffle(long[] values, Random random) {
    for (int i = values.length - 1; i > 0; i--) {
      int j = random.nextInt(i + 1);
      long swapped = values[i];
      values[i] = values[j];
      values[j] = swapped;
    }
  }

  /** A permutation of the numbers from 0 to {@code size}, exclusive, by the seed alone. */
  public static long[] of(long size, long seed) {
    long[] values = LongStream.range(0, size).toArray();
    shuffle(values, new Random(seed));
    return values;
  }

  /** Numbers from 0 to {@code size}, exclusive, drawn without replacement, ascending. */
  public static long[] sample(long size, long count, long seed) {
    return LongStream.of(of(size, seed)).limit(count).sorted().toArray();
  }
}
