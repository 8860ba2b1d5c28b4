package dev.whence.lab.evaluation;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class InfluenceMatrixTest {
  @Test
  void meanIsThatOfEachEntry() {
    double[][] mean =
        InfluenceMatrix.mean(
            List.of(new double[][] {{1, 2}, {3, 4}}, new double[][] {{3, 0}, {-3, 8}}));
    assertThat(mean).isDeepEqualTo(new double[][] {{2, 1}, {0, 6}});
  }
}
