package dev.whence.lab.evaluation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class RetrievalQualityTest {
  private static final int SEQUENCES = 300;

  @Test
  void exactEstimatesFindEverything() {
    float[][] exact = scores(3);
    RetrievalQuality quality = RetrievalQuality.of(exact, exact, List.of(10), (_, _) -> false);
    assertThat(quality).isEqualTo(new RetrievalQuality(1, List.of(1.0), 1, 1, 1));
  }

  @Test
  void oppositeEstimatesFindNothing() {
    float[][] exact = scores(3);
    float[][] opposite = scores(3);
    for (float[] row : opposite) {
      for (int i = 0; i < row.length; i++) {
        row[i] = -row[i];
      }
    }
    RetrievalQuality quality = RetrievalQuality.of(opposite, exact, List.of(20), (_, _) -> false);
    assertThat(quality.recall10()).isZero();
    assertThat(quality.reranked10()).containsExactly(0.0);
    assertThat(quality.ndcg20()).isZero();
    assertThat(quality.spearman()).isCloseTo(-1, within(1e-12));
  }

  @Test
  void sharesAndGainsAreThoseThatOneCountsByHand() {
    float[][] exact = {new float[SEQUENCES]};
    float[][] estimates = {new float[SEQUENCES]};
    for (int i = 0; i < SEQUENCES; i++) {
      exact[0][i] = SEQUENCES - i; // sequence 0 is the strongest
      estimates[0][i] = SEQUENCES - i;
    }
    estimates[0][0] = SEQUENCES - 14.5f; // the strongest comes fifteenth
    RetrievalQuality quality =
        RetrievalQuality.of(estimates, exact, List.of(14, 15), (_, _) -> false);
    assertThat(quality.recall10()).isCloseTo(0.9, within(1e-12));
    assertThat(quality.reranked10()).containsExactly(0.9, 1.0);
    double best = 0;
    double found = 0;
    for (int place = 0; place < 20; place++) {
      double discount = Math.log(2) / Math.log(place + 2);
      best += (SEQUENCES - place) * discount;
      int sequence = place < 14 ? place + 1 : place == 14 ? 0 : place;
      found += (SEQUENCES - sequence) * discount;
    }
    assertThat(quality.ndcg20()).isCloseTo(found / best, within(1e-12));
  }

  @Test
  void ownSequencesDoNotCount() {
    float[][] exact = scores(1);
    float[][] estimates = {exact[0].clone()};
    exact[0][7] = 100; // the strongest by far, and not found
    estimates[0][7] = -100;
    assertThat(RetrievalQuality.of(estimates, exact, List.of(10), (_, _) -> false).recall10())
        .isCloseTo(0.9, within(1e-12));
    assertThat(RetrievalQuality.of(estimates, exact, List.of(10), (_, s) -> s == 7).recall10())
        .isOne();
  }

  private static float[][] scores(int queries) {
    Random random = new Random(5);
    float[][] scores = new float[queries][SEQUENCES];
    for (float[] row : scores) {
      for (int i = 0; i < row.length; i++) {
        row[i] = (float) random.nextGaussian();
      }
    }
    return scores;
  }
}
