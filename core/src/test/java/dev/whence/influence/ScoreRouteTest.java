package dev.whence.influence;

import static dev.whence.influence.ScoreRoute.GRADIENTS;
import static dev.whence.influence.ScoreRoute.POSITIONS;
import static org.assertj.core.api.Assertions.assertThat;

import dev.whence.influence.ScoreRoute.Sizes;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ScoreRouteTest {
  @Test
  void costsAreThoseOfTheTable() {
    // METHOD section 4, with B T o i Q r = 2, 3, 5, 7, 11, 13.
    Sizes lowRank = new Sizes(2, 3, 5, 7, 11, 13, false);
    assertThat(POSITIONS.cost(lowRank)).isEqualTo(2 * 3 * 11 * 13 * (5 + 7));
    assertThat(GRADIENTS.cost(lowRank)).isEqualTo(2 * 3 * 5 * 7 + 2 * 11 * 5 * 7 + 11 * 13 * 5 * 7);
    Sizes formed = new Sizes(2, 3, 5, 7, 11, 13, true);
    assertThat(POSITIONS.cost(formed)).isEqualTo(POSITIONS.cost(lowRank));
    assertThat(GRADIENTS.cost(formed)).isEqualTo(2 * 3 * 5 * 7 + 2 * 11 * 5 * 7);
    Sizes whole = new Sizes(2, 3, 5, 7, 11, 0, true);
    assertThat(POSITIONS.cost(whole)).isEqualTo(2 * 3 * 11 * 5 * 7);
    assertThat(GRADIENTS.cost(whole)).isEqualTo(2 * 3 * 5 * 7 + 2 * 11 * 5 * 7);
  }

  @ParameterizedTest
  @CsvSource({
    // Whole gradients: B T Q against B T + B Q, so one query or one position goes by positions.
    "4, 100, 64, 64, 1, 0, POSITIONS",
    "4, 1, 64, 64, 100, 0, POSITIONS",
    "4, 2, 64, 64, 2, 0, GRADIENTS", // a tie
    "4, 3, 64, 64, 2, 0, GRADIENTS",
    // One query of rank 1 at a large layer, and many of rank 32 at a small one.
    "8, 100, 4096, 1024, 1, 1, POSITIONS",
    "8, 100, 64, 64, 100, 32, GRADIENTS",
    // Numbers of operations beyond 2^31.
    "64, 2048, 14336, 4096, 1, 1, POSITIONS",
    "64, 2048, 14336, 4096, 1000, 32, GRADIENTS",
  })
  void cheaperRouteIsTaken(
      long batch, long positions, long out, long in, long queries, long rank, ScoreRoute expected) {
    Sizes sizes = new Sizes(batch, positions, out, in, queries, rank, false);
    assertThat(ScoreRoute.cheapest(sizes)).isEqualTo(expected);
    ScoreRoute other = expected == POSITIONS ? GRADIENTS : POSITIONS;
    assertThat(expected.cost(sizes)).isPositive().isLessThanOrEqualTo(other.cost(sizes));
  }
}
