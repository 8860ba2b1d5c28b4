package dev.whence.influence;

import dev.whence.corpus.Selection;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The sequences that a filter let through: for each query its own, and for the scan their union.
 * What a filter leaves out is never scored, however strong its influence would be.
 */
public final class Candidates {
  private final List<long[]> places;
  private final long[] union;
  private final Map<String, String> settings;

  private Candidates(List<long[]> places, long[] union, Map<String, String> settings) {
    this.places = places;
    this.union = union;
    this.settings = settings;
  }

  /**
   * Takes a filter's choice.
   *
   * @param places for each query the places of its sequences in the corpus, ascending, each once; a
   *     query may have none
   * @param corpusSize the sequences of the corpus
   * @param settings of the filter, by the command line's option
   * @throws IllegalArgumentException if a query's places do not ascend or one is not in the corpus
   */
  public static Candidates of(List<long[]> places, long corpusSize, Map<String, String> settings) {
    List<long[]> copies = new ArrayList<>();
    for (int q = 0; q < places.size(); q++) {
      long[] own = places.get(q).clone();
      for (int i = 0; i < own.length; i++) {
        if (own[i] < 0 || own[i] >= corpusSize || (i > 0 && own[i] <= own[i - 1])) {
          throw new IllegalArgumentException(
              "candidate %d of query %d is %d, which does not ascend or is not among %d sequences"
                  .formatted(i, q, own[i], corpusSize));
        }
      }
      copies.add(own);
    }
    return new Candidates(copies, union(copies), new LinkedHashMap<>(settings));
  }

  private static long[] union(List<long[]> places) {
    long[] sorted = places.stream().flatMapToLong(Arrays::stream).sorted().toArray();
    int distinct = 0;
    for (int i = 0; i < sorted.length; i++) {
      if (i == 0 || sorted[i] != sorted[i - 1]) {
        sorted[distinct] = sorted[i];
        distinct++;
      }
    }
    return Arrays.copyOf(sorted, distinct);
  }

  /** Candidates in which every query has the union of all queries' sequences. */
  public Candidates shared() {
    Map<String, String> extended = new LinkedHashMap<>(settings);
    extended.put("report-union", "true");
    return new Candidates(Collections.nCopies(places.size(), union), union, extended);
  }

  /** The number of queries. */
  public int queries() {
    return places.size();
  }

  /** The places of a query's sequences in the corpus, ascending. */
  public long[] places(int query) {
    return places.get(query).clone();
  }

  /** Whether the sequence at {@code place} of the corpus was let through for the query. */
  public boolean admits(int query, long place) {
    return Arrays.binarySearch(places.get(query), place) >= 0;
  }

  /** All sequences that were let through for any query: what is scanned. */
  public Selection union() {
    return Selection.of(union);
  }

  /** The filter's settings, by the command line's option. */
  public Map<String, String> settings() {
    return Collections.unmodifiableMap(settings);
  }
}
