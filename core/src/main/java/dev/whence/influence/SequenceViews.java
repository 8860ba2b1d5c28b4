package dev.whence.influence;

import dev.whence.model.LanguageModel;
import dev.whence.model.Linear;
import dev.whence.tensor.Scope;
import dev.whence.tensor.Tensor;
import dev.whence.trace.Linearization;
import dev.whence.trace.Targets;
import dev.whence.trace.TokenBatch;
import dev.whence.trace.Trace;
import java.util.Arrays;
import java.util.List;

/**
 * One sequence's influence on one query, seen in every way that the paper has (section 3.3 and
 * appendix B). The influence is {@code <P, gradient of log p(sequence)>}: how fast the sequence's
 * log-probability changes when the weights move along the query's preconditioned gradient P.
 *
 * @param byLayerAndToken what passes through each layer and position, [layers][tokens]; 0 for the
 *     last token, which predicts nothing. Sums to the influence.
 * @param byOutputToken how the log-probability of each token changes along P (Eq. 36), [tokens]; 0
 *     for the first token, which nothing predicts. Sums to the influence.
 * @param byInputToken how strongly the influence depends on each token's embedding (Eq. 38): the
 *     norm of its derivative, [tokens], never negative; 0 for the last token, which nothing reads
 */
public record SequenceViews(
    double[][] byLayerAndToken, double[] byOutputToken, double[] byInputToken) {
  /**
   * Computes the views. The derivatives along P are exact where the paper takes finite differences.
   *
   * @param query its number among the queries
   * @param tokens the sequence
   */
  public static SequenceViews of(
      LanguageModel model,
      List<Linear> layers,
      PreconditionedQueries queries,
      int query,
      int[] tokens) {
    if (tokens.length < 2) {
      return new SequenceViews(
          new double[layers.size()][tokens.length],
          new double[tokens.length],
          new double[tokens.length]);
    }
    try (Scope _ = Scope.open()) {
      List<TokenBatch.Row> rows = List.of(TokenBatch.Row.whole(tokens, 0));
      TokenBatch batch = TokenBatch.of(rows, model.device());
      List<Tensor> direction =
          queries.layers().stream().map(layer -> layer.gradient(query).to(model.type())).toList();
      return new SequenceViews(
          byLayerAndToken(model, layers, queries, query, rows, batch),
          byOutputToken(model, layers, batch, direction),
          byInputToken(model, layers, batch, direction));
    }
  }

  private static double[][] byLayerAndToken(
      LanguageModel model,
      List<Linear> layers,
      PreconditionedQueries queries,
      int query,
      List<TokenBatch.Row> rows,
      TokenBatch batch) {
    Trace trace = Trace.of(model, layers, batch, new Targets.Given());
    int[] positions = {rows.getFirst().tokens().length - 1};
    return Arrays.stream(
            SequenceAttribution.byLayerAndToken(trace, positions, queries, query, 0)[0])
        .map(layer -> Arrays.copyOf(layer, layer.length + 1))
        .toArray(double[][]::new);
  }

  private static double[] byOutputToken(
      LanguageModel model, List<Linear> layers, TokenBatch batch, List<Tensor> direction) {
    Linearization at = Linearization.of(model, layers, batch);
    double[] changes =
        batch.logProbabilityChanges(at.outputs(), at.forward(direction)).select(0, 0).toDoubles();
    double[] tokens = new double[changes.length + 1];
    System.arraycopy(changes, 0, tokens, 1, changes.length);
    return tokens;
  }

  private static double[] byInputToken(
      LanguageModel model, List<Linear> layers, TokenBatch batch, List<Tensor> direction) {
    Tensor derivative = Linearization.embeddingSensitivity(model, layers, batch, direction);
    double[] norms = derivative.select(0, 0).square().sum(1).sqrt().toDoubles();
    return Arrays.copyOf(norms, norms.length + 1);
  }
}
