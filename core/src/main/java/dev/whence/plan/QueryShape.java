package dev.whence.plan;

import dev.whence.budget.LayerRanges.Range;
import java.util.Collections;
import java.util.List;

/**
 * The properties of queries that decide their cost.
 *
 * @param lengths tokens of each query
 */
public record QueryShape(List<Integer> lengths) {
  /** Queries that are all of one length. */
  public static QueryShape uniform(int count, int length) {
    return new QueryShape(Collections.nCopies(count, length));
  }

  int count() {
    return lengths.size();
  }

  int longest() {
    return lengths.stream().mapToInt(l -> l).max().orElse(1);
  }

  QueryShape of(Range range) {
    return new QueryShape(range.of(lengths));
  }
}
