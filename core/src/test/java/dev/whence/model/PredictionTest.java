package dev.whence.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.whence.corpus.Query;
import dev.whence.run.Workbench;
import dev.whence.tensor.Autograd;
import dev.whence.tensor.Scope;
import dev.whence.tensor.Tensor;
import dev.whence.tensor.Tensors;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class PredictionTest {
  private static final int[] PROMPT = {5, 17, 99};
  private static final int[] COMPLETION = {3, 64, 64, 120};

  @Test
  void eachTokenIsComparedWithTheLikeliestByTheWholeTableOfProbabilities() {
    try (LanguageModel model = Workbench.model("llama")) {
      for (int[] prompt : List.of(PROMPT, new int[0])) {
        Query query = new Query("q", prompt, COMPLETION, "", "");
        double[][] probabilities = probabilities(model, query.tokens());
        List<Prediction> predictions = Prediction.of(model, query);
        assertThat(predictions)
            .extracting(Prediction::completionToken)
            .containsExactlyElementsOf(query.scoredTokens().boxed().toList());
        for (Prediction prediction : predictions) {
          int at = prompt.length + prediction.completionToken();
          double[] row = probabilities[at - 1];
          int best = prediction.likeliest();
          assertThat(Math.exp(prediction.logProbability()))
              .isCloseTo(row[query.tokens()[at]], within(1e-12));
          assertThat(Math.exp(prediction.likeliestLogProbability()))
              .isCloseTo(row[best], within(1e-12))
              .isCloseTo(Arrays.stream(row).max().orElseThrow(), within(1e-12));
        }
      }
    }
  }

  @Test
  void aLoneTokenIsPredictedByNothing() {
    try (LanguageModel model = Workbench.model("llama")) {
      assertThat(Prediction.of(model, new Query("q", new int[0], new int[] {4}, "", ""))).isEmpty();
    }
  }

  /** Softmax by loops, [positions][vocabulary]. */
  private static double[][] probabilities(LanguageModel model, int... tokens) {
    double[][] rows = new double[tokens.length][];
    try (Scope _ = Scope.open()) {
      Autograd.unrecorded(() -> {
        long[] ids = Arrays.stream(tokens).asLongStream().toArray();
        Tensor logits = model.logits(Tensors.of(ids, 1, ids.length), Tap.NONE).select(0, 0);
        for (int t = 0; t < rows.length; t++) {
          double[] row = logits.select(0, t).toDoubles();
          double sum = 0;
          for (double logit : row) {
            sum += Math.exp(logit);
          }
          for (int i = 0; i < row.length; i++) {
            row[i] = Math.exp(row[i]) / sum;
          }
          rows[t] = row;
        }
      });
    }
    return rows;
  }
}
