package dev.whence.lab.evaluation;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.IntPredicate;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;
import org.hipparchus.stat.correlation.SpearmansCorrelation;

/**
 * How well estimates stand for exact influences, as means over queries.
 *
 * @param recall10 the share of the 10 that raise a query most among the first 10 estimates
 * @param reranked10 the share of the 10 among the first estimates that are computed exactly, for
 *     each number of them that was asked for
 * @param recall100 the share of the 100 among the first 100 estimates
 * @param ndcg20 the discounted gain of the first 20 estimates, as a share of the best; a sequence's
 *     gain is its exact influence, not below 0
 * @param spearman the rank correlation over all sequences
 */
public record RetrievalQuality(
    double recall10, List<Double> reranked10, double recall100, double ndcg20, double spearman) {

  /** Which sequences do not count for a query: those of its own document. */
  @FunctionalInterface
  public interface Own {
    /** Whether a sequence is the query's own. */
    boolean test(int query, int sequence);
  }

  /**
   * Compares estimates with exact influences.
   *
   * @param estimates [queries][sequences]
   * @param exact of the same shape
   * @param reranked how many of the first estimates are computed exactly, one number or more
   */
  public static RetrievalQuality of(
      float[][] estimates, float[][] exact, List<Integer> reranked, Own own) {
    List<RetrievalQuality> ofQueries =
        IntStream.range(0, exact.length)
            .parallel()
            .mapToObj(q -> ofQuery(estimates[q], exact[q], reranked, s -> own.test(q, s)))
            .toList();
    List<Double> rerankedMeans = new ArrayList<>();
    for (int r = 0; r < reranked.size(); r++) {
      int level = r;
      rerankedMeans.add(mean(ofQueries, q -> q.reranked10.get(level)));
    }
    return new RetrievalQuality(
        mean(ofQueries, RetrievalQuality::recall10),
        rerankedMeans,
        mean(ofQueries, RetrievalQuality::recall100),
        mean(ofQueries, RetrievalQuality::ndcg20),
        mean(ofQueries, RetrievalQuality::spearman));
  }

  private static double mean(
      List<RetrievalQuality> ofQueries, ToDoubleFunction<RetrievalQuality> measure) {
    return ofQueries.stream().mapToDouble(measure).average().orElse(0);
  }

  private static RetrievalQuality ofQuery(
      float[] estimates, float[] exact, List<Integer> reranked, IntPredicate own) {
    int[] counted = IntStream.range(0, exact.length).filter(s -> !own.test(s)).toArray();
    double[] truth = Arrays.stream(counted).mapToDouble(s -> exact[s]).toArray();
    double[] found = Arrays.stream(counted).mapToDouble(s -> estimates[s]).toArray();
    long[] best = Ranking.of(truth);
    long[] first = Ranking.of(found);
    return new RetrievalQuality(
        share(best, 10, first, 10, truth),
        reranked.stream().map(looked -> share(best, 10, first, looked, truth)).toList(),
        share(best, 100, first, 100, truth),
        gain(first, truth) / Math.max(gain(best, truth), Double.MIN_NORMAL),
        new SpearmansCorrelation().correlation(found, truth));
  }

  /** Of the best that raise the query at all. */
  private static double share(long[] best, int wanted, long[] first, int looked, double[] truth) {
    Set<Long> places = new HashSet<>();
    Arrays.stream(first).limit(looked).forEach(places::add);
    long[] raising = Arrays.stream(best).limit(wanted).filter(s -> truth[(int) s] > 0).toArray();
    return raising.length == 0
        ? 1
        : (double) Arrays.stream(raising).filter(places::contains).count() / raising.length;
  }

  private static double gain(long[] order, double[] truth) {
    double sum = 0;
    for (int i = 0; i < Math.min(20, order.length); i++) {
      sum += Math.max(0, truth[(int) order[i]]) / (Math.log(i + 2) / Math.log(2));
    }
    return sum;
  }
}
