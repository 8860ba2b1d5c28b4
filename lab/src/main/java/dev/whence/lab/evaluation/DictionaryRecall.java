package dev.whence.lab.evaluation;

import dev.whence.lab.dictionary.Relevance;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * Two tests that a ranking makes sense. The easy one: at which rank does an entry's own document
 * come among all? The hard one: its own document left out, do its neighbours come first?
 *
 * @param method that ranked the sequences
 * @param ranks of each query's own document, 1 being the best
 * @param averagePrecision of its neighbours, for each query that has any
 */
public record DictionaryRecall(String method, int[] ranks, double[] averagePrecision) {

  /**
   * Tests a method's scores.
   *
   * @param scores [queries][sequences]
   */
  static DictionaryRecall of(String method, float[][] scores, List<Relevance> relevance) {
    int[] ranks = new int[scores.length];
    Arrays.setAll(
        ranks,
        q ->
            relevance.get(q).own().stream()
                .mapToInt(own -> rank(scores[q], own))
                .min()
                .orElseThrow());
    double[] precision =
        IntStream.range(0, scores.length)
            .filter(q -> !relevance.get(q).neighbours().isEmpty())
            .mapToDouble(q -> averagePrecision(scores[q], relevance.get(q)))
            .toArray();
    return new DictionaryRecall(method, ranks, precision);
  }

  private static int rank(float[] scores, int own) {
    int rank = 1;
    for (int i = 0; i < scores.length; i++) {
      // A tie, or a score that is not a number, counts against the method.
      rank += i != own && !(scores[i] < scores[own]) ? 1 : 0;
    }
    return rank;
  }

  /**
   * Average precision: the mean over the neighbours of the precision at each neighbour's rank. The
   * entry's own document is left out; among equal scores the neighbours come last.
   */
  static double averagePrecision(float[] scores, Relevance relevant) {
    Integer[] order =
        IntStream.range(0, scores.length)
            .filter(i -> !relevant.own().contains(i))
            .boxed()
            .sorted(
                Comparator.<Integer>comparingDouble(i -> -scores[i])
                    .thenComparing(relevant.neighbours()::contains))
            .toArray(Integer[]::new);
    double sum = 0;
    int hits = 0;
    for (int r = 0; r < order.length; r++) {
      if (relevant.neighbours().contains(order[r])) {
        hits++;
        sum += hits / (r + 1.0);
      }
    }
    return sum / relevant.neighbours().size();
  }

  /** The median rank of an entry's own document. */
  public double median() {
    int[] sorted = ranks.clone();
    Arrays.sort(sorted);
    int middle = sorted.length / 2;
    return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2.0;
  }

  public MeanInterval reciprocalRank() {
    return MeanInterval.of(Arrays.stream(ranks).mapToDouble(r -> 1.0 / r).toArray());
  }

  /** The share of queries whose own document is among the first {@code n}. */
  public MeanInterval inTop(int n) {
    return MeanInterval.of(Arrays.stream(ranks).mapToDouble(r -> r <= n ? 1 : 0).toArray());
  }

  /** The mean over the queries that have neighbours. */
  public Optional<MeanInterval> meanAveragePrecision() {
    return averagePrecision.length == 0
        ? Optional.empty()
        : Optional.of(MeanInterval.of(averagePrecision));
  }
}
