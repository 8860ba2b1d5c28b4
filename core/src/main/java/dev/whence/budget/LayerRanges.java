package dev.whence.budget;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.IntToLongFunction;

/** Consecutive layers, or whatever else is numbered, cut into ranges that fit in memory. */
public final class LayerRanges {
  private LayerRanges() {}

  /** From {@code from} up to, not including, {@code to}. */
  public record Range(int from, int to) {
    public int size() {
      return to - from;
    }

    /** Consecutive ranges of at most {@code most} that make up this one; none if it is empty. */
    public List<Range> cut(int most) {
      List<Range> ranges = new ArrayList<>();
      for (int start = from; start < to; start += most) {
        ranges.add(new Range(start, Math.min(to, start + most)));
      }
      return ranges;
    }

    /** The elements of a list at this range. */
    public <T> List<T> of(List<T> list) {
      return list.subList(from, to);
    }
  }

  /**
   * The fewest ranges that fit: each as long as it can be.
   *
   * @param held bytes that each layer of a range takes all the while
   * @param passing bytes that one layer at a time takes besides
   * @return empty when a layer alone does not fit
   */
  public static Optional<List<Range>> within(
      int layers, IntToLongFunction held, IntToLongFunction passing, long bytes) {
    List<Range> ranges = new ArrayList<>();
    int from = 0;
    long sum = 0;
    long most = 0;
    for (int l = 0; l < layers; l++) {
      long own = held.applyAsLong(l);
      long besides = passing.applyAsLong(l);
      if (own + besides > bytes) {
        return Optional.empty();
      }
      if (sum + own + Math.max(most, besides) > bytes) {
        ranges.add(new Range(from, l));
        from = l;
        sum = 0;
        most = 0;
      }
      sum += own;
      most = Math.max(most, besides);
    }
    ranges.add(new Range(from, layers));
    return Optional.of(ranges);
  }
}
