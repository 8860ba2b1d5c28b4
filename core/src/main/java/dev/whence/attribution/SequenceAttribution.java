package dev.whence.attribution;

import dev.whence.corpus.Batches;
import dev.whence.corpus.Corpus;
import dev.whence.model.LanguageModel;
import dev.whence.model.Linear;
import dev.whence.model.Targets;
import dev.whence.model.TokenBatch;
import dev.whence.model.Trace;
import dev.whence.tensor.Scope;
import dev.whence.tensor.Tensor;
import dev.whence.tensor.Tensors;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
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
   * Takes sequences apart for one query.
   *
   * @param places of sequences in the corpus
   * @return in the order of {@code places}
   */
  public static List<SequenceAttribution> of(
      LanguageModel model,
      List<Linear> layers,
      PreconditionedQueries queries,
      int query,
      Corpus corpus,
      List<Long> places,
      int batchTokens) {
    SequenceAttribution[] result = new SequenceAttribution[places.size()];
    for (long[] rows :
        Batches.of(r -> corpus.length(places.get((int) r)), 0, places.size(), batchTokens)) {
      try (Scope _ = Scope.open()) {
        List<TokenBatch.Row> tokens = new ArrayList<>();
        for (long row : rows) {
          tokens.add(TokenBatch.Row.whole(corpus.sequence(places.get((int) row)).tokens(), 0));
        }
        TokenBatch batch = TokenBatch.of(tokens, model.device());
        Trace trace = Trace.of(model, layers, batch, new Targets.Given());
        List<Tensor> byLayer = new ArrayList<>(); // each [batch, positions]
        for (int l = 0; l < layers.size(); l++) {
          byLayer.add(queries.layers().get(l).byPositions(trace.uses(l), query));
        }
        double[] values = Tensors.stack(byLayer, 0).toDoubles(); // [layers, batch, positions]
        for (int b = 0; b < rows.length; b++) {
          int positions = Math.max(0, tokens.get(b).tokens().length - 1);
          double[][] matrix = new double[layers.size()][];
          for (int l = 0; l < layers.size(); l++) {
            int from = (l * rows.length + b) * batch.positions();
            matrix[l] = Arrays.copyOfRange(values, from, from + positions);
          }
          result[(int) rows[b]] = SequenceAttribution.of(matrix);
        }
      }
    }
    return List.of(result);
  }
}
