package dev.whence.lab.evaluation;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class RankingTest {
  @Test
  void theLargestComesFirstAndTiesInTheirOrder() {
    assertThat(Ranking.of(1, 3, -2, 3)).containsExactly(1, 3, 0, 2);
    assertThat(Ranking.of()).isEmpty();
  }
}
