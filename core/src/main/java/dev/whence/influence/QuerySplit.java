package dev.whence.influence;

import dev.whence.budget.LayerRanges;
import dev.whence.budget.LayerRanges.Range;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Which queries and layers share a pass over the data, when memory does not hold all of them at
 * once: every range of queries meets every range of layers once.
 *
 * @param queries consecutive ranges
 * @param layers consecutive ranges
 */
public record QuerySplit(List<Range> queries, List<Range> layers) {

  /** The queries and layers of one pass. */
  public record Part(Range queries, Range layers) {}

  /**
   * What a layer takes.
   *
   * @param perQuery bytes that one query's preconditioned gradient takes there
   * @param held bytes that stay there during the pass whatever the number of queries
   * @param passing bytes that are there while queries are preconditioned, layer after layer
   */
  public record LayerBytes(long perQuery, long held, long passing) {
    long needed(long queries) {
      return Math.addExact(Math.multiplyExact(perQuery, queries), held);
    }
  }

  /** Everything in one pass. */
  public static QuerySplit whole(int queries, int layers) {
    return new QuerySplit(List.of(new Range(0, queries)), List.of(new Range(0, layers)));
  }

  /**
   * The split with the fewest passes that keeps each within {@code bytes}; of several the one with
   * the fewest ranges of layers, since then a pass finishes its queries.
   *
   * @param beside bytes that a query takes during its pass whatever the number of layers
   * @return empty when not even one query at one layer fits
   */
  public static Optional<QuerySplit> fewest(
      int queries, List<LayerBytes> layers, long bytes, long beside) {
    Optional<QuerySplit> best = Optional.empty();
    for (int groups = 1; groups <= Math.max(1, queries); groups++) {
      int size = Math.ceilDiv(queries, groups);
      if (groups > 1 && Math.ceilDiv(queries, groups - 1) == size) {
        continue; // no smaller than the last
      }
      if (best.isPresent() && groups > best.get().passes()) {
        break; // each group takes at least one pass
      }
      List<Range> queryRanges = even(queries, size);
      Optional<QuerySplit> split =
          LayerRanges.within(
                  layers.size(),
                  l -> layers.get(l).needed(size),
                  l -> layers.get(l).passing,
                  bytes - Math.multiplyExact(beside, (long) size))
              .map(ranges -> new QuerySplit(queryRanges, ranges));
      if (split.isPresent() && (best.isEmpty() || split.get().isBetterThan(best.get()))) {
        best = split;
      }
    }
    return best;
  }

  /** The smallest limit for which {@link #fewest} is not empty, in bytes. */
  public static long least(int queries, List<LayerBytes> layers, long beside) {
    int minimum = Math.min(1, queries);
    return beside * minimum
        + layers.stream().mapToLong(l -> l.needed(minimum) + l.passing).max().orElse(0);
  }

  private static List<Range> even(int queries, int size) {
    Range all = new Range(0, queries);
    return queries == 0 ? List.of(all) : all.cut(size); // a scan without queries has a part too
  }

  private boolean isBetterThan(QuerySplit other) {
    return passes() < other.passes()
        || (passes() == other.passes() && layers.size() < other.layers.size());
  }

  /** The number of passes over the data. */
  public int passes() {
    return queries.size() * layers.size();
  }

  /** The passes' parts, all layers of the first queries first. */
  public List<Part> parts() {
    return queries.stream().flatMap(q -> layers.stream().map(l -> new Part(q, l))).toList();
  }

  /** Cuts a range of layers so that what passes through memory is at most {@code limit} bytes. */
  public static List<Range> passing(Range layers, List<LayerBytes> bytes, long limit) {
    List<Range> ranges = new ArrayList<>();
    int from = layers.from();
    long sum = 0;
    for (int l = layers.from(); l < layers.to(); l++) {
      if (l > from && sum + bytes.get(l).passing > limit) {
        ranges.add(new Range(from, l));
        from = l;
        sum = 0;
      }
      sum += bytes.get(l).passing;
    }
    ranges.add(new Range(from, layers.to()));
    return ranges;
  }
}
