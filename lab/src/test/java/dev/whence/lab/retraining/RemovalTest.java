package dev.whence.lab.retraining;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.whence.lab.evaluation.Ranking;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class RemovalTest {
  private static final int[] COUNTS = {1, 5, 20};

  /** The changes of the first measurement, or of the second, which is minus the first. */
  private static double[] changes(long[] ranking, int measurement, double whole) {
    List<Removal.Point> points =
        Removal.of(
            new SumRecipe(0), ranking, COUNTS, measurement, whole, new long[] {1, 2}, _ -> {});
    assertThat(points).extracting(Removal.Point::removed).containsExactly(1, 5, 20);
    return points.stream().mapToDouble(Removal.Point::change).toArray();
  }

  @Test
  void whatIsLeftOutIsWhatTheRankingPutsFirst() {
    double[] weights = IntStream.range(0, SumRecipe.SIZE).mapToDouble(SumRecipe::weight).toArray();
    double whole = Arrays.stream(weights).sum();
    double[] descending = Arrays.stream(weights).map(w -> -w).sorted().map(w -> -w).toArray();
    double[] best = changes(Ranking.of(weights), 0, whole);
    double[] opposite = changes(Ranking.of(weights), 1, -whole);
    for (int k = 0; k < COUNTS.length; k++) {
      double removed = Arrays.stream(descending).limit(COUNTS[k]).sum();
      assertThat(best[k]).as("without %d", COUNTS[k]).isCloseTo(-removed, within(1e-12));
      assertThat(opposite[k]).isCloseTo(removed, within(1e-12));
    }
    double[] inOrder =
        changes(IntStream.range(0, SumRecipe.SIZE).asLongStream().toArray(), 0, whole);
    assertThat(inOrder[1]).as("no ranking does more harm").isGreaterThan(best[1]);
  }
}
