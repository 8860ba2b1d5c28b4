package dev.whence.influence;

import dev.whence.corpus.Batches;
import dev.whence.corpus.Corpus;
import dev.whence.model.LanguageModel;
import dev.whence.model.Linear;
import dev.whence.tensor.Scope;
import dev.whence.tensor.Tensor;
import dev.whence.tensor.Tensors;
import dev.whence.trace.Targets;
import dev.whence.trace.TokenBatch;
import dev.whence.trace.Trace;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.DoubleStream;

/**
 * One sequence's influence on one query, taken apart (METHOD section 3). Both parts sum to the
 * influence.
 *
 * @param byToken the influence that passes through each position, over all layers: [positions]
 * @param byLayer the influence that passes through each layer, over all positions: [layers]
 */
public record SequenceAttribution(double[] byToken, double[] byLayer) {
  /**
   * Above this share, one token carries the influence; the paper found such sequences hard to
   * interpret.
   */
  private static final double SPIKY = 2.0 / 3;

  /** The sums of a matrix: a row of [positions] for each layer. */
  static SequenceAttribution of(double[][] byLayerAndToken) {
    double[] byToken = new double[byLayerAndToken[0].length];
    for (double[] layer : byLayerAndToken) {
      for (int t = 0; t < byToken.length; t++) {
        byToken[t] += layer[t];
      }
    }
    return new SequenceAttribution(
        byToken, Arrays.stream(byLayerAndToken).mapToDouble(l -> Arrays.stream(l).sum()).toArray());
  }

  /** The same sequence and query at more layers. */
  public SequenceAttribution and(SequenceAttribution later) {
    double[] sum = byToken.clone();
    Arrays.setAll(sum, t -> sum[t] + later.byToken[t]);
    return new SequenceAttribution(
        sum, DoubleStream.concat(Arrays.stream(byLayer), Arrays.stream(later.byLayer)).toArray());
  }

  /** The influence. */
  public double total() {
    return Arrays.stream(byLayer).sum();
  }

  /** Whether {@code |x|_2 / |x|_1 > 2/3} for the tokenwise influences x. */
  public boolean spiky() {
    double one = 0;
    double two = 0;
    for (double x : byToken) {
      one += Math.abs(x);
      two += x * x;
    }
    return one > 0 && Math.sqrt(two) / one > SPIKY;
  }

  /**
   * A sequence to take apart for a query.
   *
   * @param query its number among the queries
   * @param place of the sequence in the corpus
   */
  public record Pair(int query, long place) {}

  /**
   * Takes sequences apart. Each is traced once, whatever the number of queries that want it.
   *
   * @return in the order of {@code pairs}
   */
  public static List<SequenceAttribution> of(
      LanguageModel model,
      List<Linear> layers,
      PreconditionedQueries queries,
      List<Pair> pairs,
      Corpus corpus,
      int batchTokens) {
    Map<Long, List<Integer>> pairsOf = new TreeMap<>(); // of each place
    for (int p = 0; p < pairs.size(); p++) {
      pairsOf.computeIfAbsent(pairs.get(p).place, _ -> new ArrayList<>()).add(p);
    }
    List<Map.Entry<Long, List<Integer>>> places = List.copyOf(pairsOf.entrySet());
    SequenceAttribution[] result = new SequenceAttribution[pairs.size()];
    for (long[] some :
        Batches.of(
            p -> corpus.length(places.get((int) p).getKey()), 0, places.size(), batchTokens)) {
      try (Scope _ = Scope.open()) {
        List<TokenBatch.Row> rows = new ArrayList<>();
        Map<Integer, List<Wanted>> byQuery = new TreeMap<>();
        for (long p : some) {
          Map.Entry<Long, List<Integer>> place = places.get((int) p);
          for (int pair : place.getValue()) {
            byQuery
                .computeIfAbsent(pairs.get(pair).query, _ -> new ArrayList<>())
                .add(new Wanted(pair, rows.size()));
          }
          rows.add(TokenBatch.Row.whole(corpus.sequence(place.getKey()).tokens(), 0));
        }
        TokenBatch batch = TokenBatch.of(rows, model.device());
        Trace trace = Trace.of(model, layers, batch, new Targets.Given());
        byQuery.forEach((query, wanted) -> {
          double[][][] parts = apart(trace, rows, queries, query, wanted);
          for (int i = 0; i < parts.length; i++) {
            result[wanted.get(i).pair] = SequenceAttribution.of(parts[i]);
          }
        });
      }
    }
    return List.of(result);
  }

  /** A pair by its number, and where its sequence is in a batch. */
  record Wanted(int pair, int row) {}

  /** For each of the wanted rows of a traced batch a matrix [layers][positions]. */
  static double[][][] apart(
      Trace trace,
      List<TokenBatch.Row> rows,
      PreconditionedQueries queries,
      int query,
      List<Wanted> wanted) {
    try (Scope _ = Scope.open()) {
      long[] places = wanted.stream().mapToLong(Wanted::row).toArray();
      List<Tensor> byLayer = new ArrayList<>(); // each [wanted, positions]
      for (int l = 0; l < queries.layers().size(); l++) {
        List<Trace.Use> uses = trace.uses(l).stream().map(use -> use.rows(places)).toList();
        byLayer.add(queries.layers().get(l).byPositions(uses, query));
      }
      int positions = (int) byLayer.getFirst().size(1);
      double[] values = Tensors.stack(byLayer, 1).toDoubles(); // [wanted, layers, positions]
      double[][][] parts = new double[wanted.size()][byLayer.size()][];
      for (int i = 0; i < wanted.size(); i++) {
        int real = Math.max(0, rows.get(wanted.get(i).row).tokens().length - 1);
        for (int l = 0; l < byLayer.size(); l++) {
          int from = (i * byLayer.size() + l) * positions;
          parts[i][l] = Arrays.copyOfRange(values, from, from + real);
        }
      }
      return parts;
    }
  }
}
