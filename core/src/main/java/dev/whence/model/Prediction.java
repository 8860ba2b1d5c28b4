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
        Tensor hidden = model.hidden(Tensors.of(ids, 1, ids.length).to(model.device()), Tap.NONE);
        query
            .scoredTokens()
            .forEach(token -> predictions.add(of(model, hidden, tokens, query, token)));
      });
    }
    return predictions;
  }

  /** One position at a time: logits of a long completion are larger than the model's states. */
  private static Prediction of(
      LanguageModel model, Tensor hidden, int[] tokens, Query query, int token) {
    int at = query.promptTokens().length + token;
    double[] logits;
    try (Scope _ = Scope.open()) {
      logits = model.head().apply(hidden.narrow(1, at - 1L, 1), Tap.NONE).toDoubles();
    }
    int likeliest = 0;
    for (int i = 1; i < logits.length; i++) {
      if (logits[i] > logits[likeliest]) {
        likeliest = i;
      }
    }
    double largest = logits[likeliest];
    double sum = Arrays.stream(logits).map(x -> Math.exp(x - largest)).sum();
    double normalizer = largest + Math.log(sum);
    return new Prediction(token, logits[tokens[at]] - normalizer, likeliest, largest - normalizer);
  }
}
