package dev.whence.model;

import dev.whence.corpus.Query;
import dev.whence.tensor.Autograd;
import dev.whence.tensor.Scope;
import dev.whence.tensor.Tensor;
import dev.whence.tensor.Tensors;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * How a model predicts one token of a completion.
 *
 * @param completionToken which, from 0
 * @param logProbability of that token given all that comes before, in nats
 * @param likeliest the id of the token that the model would rather say, which may be the same
 * @param likeliestLogProbability of that one, in nats
 */
public record Prediction(
    int completionToken, double logProbability, int likeliest, double likeliestLogProbability) {

  /** The predictions of a query's {@link Query#scoredTokens}, in their order. */
  public static List<Prediction> of(LanguageModel model, Query query) {
    int[] tokens = query.tokens();
    List<Prediction> predictions = new ArrayList<>();
    if (tokens.length < 2) {
      return predictions;
    }
    try (Scope _ = Scope.open()) {
      Autograd.unrecorded(() -> {
        long[] ids = Arrays.stream(tokens).asLongStream().toArray();
        Tensor logits = model.logits(Tensors.of(ids, 1, ids.length).to(model.device()), Tap.NONE);
        query
            .scoredTokens()
            .forEach(token -> {
              int at = query.promptTokens().length + token;
              double[] before = logits.select(0, 0).select(0, at - 1L).toDoubles();
              predictions.add(of(before, tokens[at], token));
            });
      });
    }
    return predictions;
  }

  private static Prediction of(double[] logits, int said, int completionToken) {
    int likeliest = 0;
    for (int i = 1; i < logits.length; i++) {
      if (logits[i] > logits[likeliest]) {
        likeliest = i;
      }
    }
    double largest = logits[likeliest];
    double sum = Arrays.stream(logits).map(x -> Math.exp(x - largest)).sum();
    double normalizer = largest + Math.log(sum);
    return new Prediction(
        completionToken, logits[said] - normalizer, likeliest, largest - normalizer);
  }
}
