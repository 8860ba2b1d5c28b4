package dev.whence.trace;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.whence.tensor.DType;
import dev.whence.tensor.Device;
import dev.whence.tensor.Functions;
import dev.whence.tensor.Scope;
import dev.whence.tensor.Tensor;
import dev.whence.tensor.Tensors;
import dev.whence.trace.TokenBatch.Row;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class TokenBatchTest {
  private static final long SEED = 13;

  @Test
  void rowsAreShiftedByOneAndPaddedAtTheEnd() {
    try (Scope _ = Scope.open()) {
      TokenBatch batch =
          TokenBatch.of(
              List.of(Row.whole(new int[] {5, 6, 7, 8}, 40), new Row(new int[] {1, 2, 3}, 2, 41)),
              Device.CPU);
      assertThat(batch.size()).isEqualTo(2);
      assertThat(batch.positions()).isEqualTo(3);
      assertThat(batch.inputs().shape()).containsExactly(2, 3);
      assertThat(batch.inputs().toLongs()).containsExactly(5, 6, 7, 1, 2, 0);
      assertThat(batch.targets().toLongs()).containsExactly(6, 7, 8, 2, 3, 0);
      // The third token is the first that counts, and position 1 predicts it.
      assertThat(batch.scored().toDoubles()).containsExactly(1, 1, 1, 0, 1, 0);
      assertThat(batch.real().orElseThrow().toDoubles()).containsExactly(1, 1, 1, 1, 1, 0);
      assertThat(batch.keys().toLongs()).containsExactly(40, 41);
    }
  }

  @Test
  void contextIsNotPadding() {
    try (Scope _ = Scope.open()) {
      TokenBatch batch = TokenBatch.of(List.of(new Row(new int[] {5, 6, 7, 8}, 3, 0)), Device.CPU);
      assertThat(batch.real()).isEmpty();
      assertThat(batch.scored().toDoubles()).containsExactly(0, 0, 1);
    }
  }

  @Test
  void firstTokenOfAllIsNeverPredicted() {
    try (Scope _ = Scope.open()) {
      TokenBatch batch = TokenBatch.of(List.of(new Row(new int[] {5, 6}, 0, 0)), Device.CPU);
      assertThat(batch.scored().toDoubles()).containsExactly(1);
      assertThat(batch.targets().toLongs()).containsExactly(6);
    }
  }

  @Test
  void sequenceOfOneTokenIsAllPadding() {
    try (Scope _ = Scope.open()) {
      TokenBatch batch = TokenBatch.of(List.of(Row.whole(new int[] {5}, 0)), Device.CPU);
      assertThat(batch.positions()).isEqualTo(1);
      assertThat(batch.scored().toDoubles()).containsExactly(0);
      assertThat(batch.real().orElseThrow().toDoubles()).containsExactly(0);
    }
  }

  @Test
  void logProbabilitiesAreThoseOfScoredTargets() {
    double[] logits = new Random(SEED).doubles(2 * 3 * 5, -4, 4).toArray();
    try (Scope _ = Scope.open()) {
      TokenBatch batch = mixed();
      double[] actual = batch.logProbabilities(Tensors.of(logits, 2, 3, 5)).toDoubles();
      for (int at = 0; at < 6; at++) {
        double expected = scored(batch, at) * Math.log(probability(logits, at, target(batch, at)));
        assertThat(actual[at]).as("at %d, seed %d", at, SEED).isCloseTo(expected, within(1e-12));
      }
    }
  }

  @Test
  void gradientIsOneHotMinusProbabilityWhereItIsScored() {
    double[] logits = new Random(SEED).doubles(2 * 3 * 5, -4, 4).toArray();
    try (Scope _ = Scope.open()) {
      TokenBatch batch = mixed();
      Tensor tensor = Tensors.of(logits, 2, 3, 5);
      double[] actual = batch.logLikelihoodGradient(tensor, new Targets.Given()).toDoubles();
      for (int i = 0; i < logits.length; i++) {
        int at = i / 5;
        double oneHot = i % 5 == target(batch, at) ? 1 : 0;
        double expected = scored(batch, at) * (oneHot - probability(logits, at, i % 5));
        assertThat(actual[i]).as("at %d, seed %d", i, SEED).isCloseTo(expected, within(1e-12));
      }
      assertThat(tensor.toDoubles()).as("the logits stay").isEqualTo(logits);
    }
  }

  @Test
  void gradientForDrawnTargetsIsOneHotAtTheDraw() {
    double[] logits = new Random(SEED).doubles(2 * 3 * 5, -1, 1).toArray();
    try (Scope _ = Scope.open()) {
      TokenBatch batch = mixed();
      Targets drawn = new Targets.Sampled(SEED, 0);
      Tensor tensor = Tensors.of(logits, 2, 3, 5);
      long[] draws =
          drawn.choose(Functions.softmax(tensor), batch.targets(), batch.keys()).toLongs();
      assertThat(draws).isNotEqualTo(batch.targets().toLongs());
      double[] actual = batch.logLikelihoodGradient(tensor, drawn).toDoubles();
      for (int i = 0; i < logits.length; i++) {
        double oneHot = i % 5 == draws[i / 5] ? 1 : 0;
        double expected = scored(batch, i / 5) * (oneHot - probability(logits, i / 5, i % 5));
        assertThat(actual[i]).as("at %d, seed %d", i, SEED).isCloseTo(expected, within(1e-12));
      }
    }
  }

  @Test
  void halfPrecisionLogitsAreSummedInFloat32() {
    try (Scope _ = Scope.open()) {
      TokenBatch batch = mixed();
      Tensor logits = Tensors.zeros(DType.BFLOAT16, Device.CPU, 2, 3, 5);
      assertThat(batch.logProbabilities(logits).type()).isEqualTo(DType.FLOAT32);
      assertThat(batch.logProbabilities(logits).toDoubles()[0])
          .isCloseTo(-Math.log(5), within(1e-6));
      assertThat(batch.logLikelihoodGradient(logits, new Targets.Given()).type())
          .isEqualTo(DType.BFLOAT16);
    }
  }

  /** Three scored positions; then context, a scored one, and padding. */
  private static TokenBatch mixed() {
    return TokenBatch.of(
        List.of(Row.whole(new int[] {0, 1, 2, 3}, 0), new Row(new int[] {4, 3, 0}, 2, 1)),
        Device.CPU);
  }

  private static double scored(TokenBatch batch, int at) {
    return batch.scored().toDoubles()[at];
  }

  private static int target(TokenBatch batch, int at) {
    return (int) batch.targets().toLongs()[at];
  }

  private static double probability(double[] logits, int at, int token) {
    double sum = 0;
    for (int v = 0; v < 5; v++) {
      sum += Math.exp(logits[at * 5 + v]);
    }
    return Math.exp(logits[at * 5 + token]) / sum;
  }
}
