package dev.whence.corpus;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.function.LongToIntFunction;
import java.util.stream.LongStream;

/**
 * Which sequences go together: pure functions of their lengths, so the same corpus gives the same
 * batches.
 */
public final class Batches {
  private Batches() {}

  /**
   * Packs the sequences {@code from} (inclusive) to {@code to} (exclusive), longest first so that
   * too large a batch fails at once, and among equals in order. A batch's sequences times the
   * positions of its longest are at most {@code batchTokens}, except that a sequence longer than
   * that has a batch of its own.
   *
   * @param lengths the tokens of each sequence, such as {@code corpus::length}
   */
  public static List<long[]> of(LongToIntFunction lengths, long from, long to, int batchTokens) {
    long[] order =
        LongStream.range(from, to)
            .boxed()
            .sorted(Comparator.comparingInt((Long index) -> -lengths.applyAsInt(index)))
            .mapToLong(Long::longValue)
            .toArray();
    List<long[]> batches = new ArrayList<>();
    for (int start = 0; start < order.length; ) {
      int count = Math.max(1, batchTokens / positions(lengths.applyAsInt(order[start])));
      int end = (int) Math.min((long) start + count, order.length);
      batches.add(Arrays.copyOfRange(order, start, end));
      start = end;
    }
    return batches;
  }

  /** A sequence of one token has no position to predict at and still takes its place in a batch. */
  private static int positions(int tokens) {
    return Math.max(1, tokens - 1);
  }
}
