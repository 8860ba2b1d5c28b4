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
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.DoubleStream;
import java.util.stream.LongStream;

/**
 * One sequence's influence on one query, by token and by layer (METHOD section 3). Each array sums
 * to the influence.
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

  /** Sums a matrix [layers, positions] over layers and over positions. */
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

  /** Appends the layers of {@code later}, for which sequence and query are the same. */
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
    double norm1 = 0;
    double squares = 0;
    for (double x : byToken) {
      norm1 += Math.abs(x);
      squares += x * x;
    }
    return norm1 > 0 && Math.sqrt(squares) / norm1 > SPIKY;
  }

  /**
   * A query, and a sequence whose influence on it is attributed.
   *
   * @param query its number among the queries
   * @param place of the sequence in the corpus
   */
  public record Pair(int query, long place) {}

  /**
   * Attributes influences to tokens and layers. A sequence is traced once, however many pairs it is
   * in.
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
    Map<Long, List<Integer>> pairsByPlace = new TreeMap<>();
    for (int p = 0; p < pairs.size(); p++) {
      pairsByPlace.computeIfAbsent(pairs.get(p).place, _ -> new ArrayList<>()).add(p);
    }
    List<Map.Entry<Long, List<Integer>>> places = List.copyOf(pairsByPlace.entrySet());
    SequenceAttribution[] result = new SequenceAttribution[pairs.size()];
    for (long[] batchPlaces :
        Batches.of(
            p -> corpus.length(places.get((int) p).getKey()), 0, places.size(), batchTokens)) {
      try (Scope _ = Scope.open()) {
        List<TokenBatch.Row> rows = new ArrayList<>();
        Map<Integer, List<PairRow>> byQuery = new TreeMap<>();
        for (long p : batchPlaces) {
          Map.Entry<Long, List<Integer>> place = places.get((int) p);
          for (int pair : place.getValue()) {
            byQuery
                .computeIfAbsent(pairs.get(pair).query, _ -> new ArrayList<>())
                .add(new PairRow(pair, rows.size()));
          }
          rows.add(TokenBatch.Row.whole(corpus.sequence(place.getKey()).tokens(), 0));
        }
        TokenBatch batch = TokenBatch.of(rows, model.device());
        Trace trace = Trace.of(model, layers, batch, new Targets.Given());
        int[] positions = rows.stream().mapToInt(row -> row.tokens().length - 1).toArray();
        byQuery.forEach((query, pairRows) -> {
          long[] subset = pairRows.stream().mapToLong(PairRow::row).toArray();
          List<SequenceAttribution> parts = of(trace, positions, queries, query, subset);
          for (int i = 0; i < parts.size(); i++) {
            result[pairRows.get(i).pair] = parts.get(i);
          }
        });
      }
    }
    return List.of(result);
  }

  /** A pair's index, and its sequence's row in a batch. */
  record PairRow(int pair, int row) {}

  /**
   * Attributes influences of sequences in a traced batch.
   *
   * @param positions how many each row of the batch has, without padding
   * @param query its number among the queries
   * @param rows of the batch
   * @return in the order of {@code rows}
   */
  public static List<SequenceAttribution> of(
      Trace trace, int[] positions, PreconditionedQueries queries, int query, long... rows) {
    return Arrays.stream(byLayerAndToken(trace, positions, queries, query, rows))
        .map(SequenceAttribution::of)
        .toList();
  }

  /** A query's influences for rows of a traced batch: for each a matrix [layers][positions]. */
  static double[][][] byLayerAndToken(
      Trace trace, int[] positions, PreconditionedQueries queries, int query, long... rows) {
    try (Scope _ = Scope.open()) {
      List<Tensor> byLayer = new ArrayList<>(); // each [rows, positions]
      Optional<Tensor> subset = subset(trace, rows);
      for (int l = 0; l < queries.layers().size(); l++) {
        int layer = l;
        byLayer.add(
            Scope.result(() -> {
              List<Trace.Use> uses =
                  trace.uses(layer).stream().map(use -> subset.map(use::rows).orElse(use)).toList();
              return queries.layers().get(layer).byPositions(uses, query);
            }));
      }
      int padded = (int) byLayer.getFirst().size(1);
      double[] values = Tensors.stack(byLayer, 1).toDoubles(); // [rows, layers, positions]
      double[][][] parts = new double[rows.length][byLayer.size()][];
      for (int i = 0; i < rows.length; i++) {
        int real = Math.max(0, positions[(int) rows[i]]);
        for (int l = 0; l < byLayer.size(); l++) {
          int from = (i * byLayer.size() + l) * padded;
          parts[i][l] = Arrays.copyOfRange(values, from, from + real);
        }
      }
      return parts;
    }
  }

  /** Rows of a batch where the trace is, once for all layers; empty when they are all of it. */
  private static Optional<Tensor> subset(Trace trace, long... rows) {
    Tensor input = trace.uses(0).getFirst().input();
    boolean all = Arrays.equals(rows, LongStream.range(0, input.size(0)).toArray());
    return all ? Optional.empty() : Optional.of(Tensors.of(rows, input.device(), rows.length));
  }
}
