package dev.whence.fit;

import static dev.whence.fit.LambdaRoute.ROTATE_GRADIENTS;
import static dev.whence.fit.LambdaRoute.ROTATE_POSITIONS;
import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LambdaRouteTest {
  @ParameterizedTest
  @CsvSource({
    // A square layer: 2 T n^2 against 2 n^3.
    "63, 64, 64, ROTATE_POSITIONS",
    "65, 64, 64, ROTATE_GRADIENTS",
    // [3, 2]: 13 T against 30.
    "2, 3, 2, ROTATE_POSITIONS",
    "3, 3, 2, ROTATE_GRADIENTS",
    // Swapped, nothing changes.
    "2, 2, 3, ROTATE_POSITIONS",
    "3, 2, 3, ROTATE_GRADIENTS",
    // Sizes whose product passes 2^31.
    "2048, 14336, 4096, ROTATE_POSITIONS",
    "8192, 14336, 4096, ROTATE_GRADIENTS",
  })
  void turningPointIsWhereTheCostsMeet(long positions, long out, long in, LambdaRoute expected) {
    assertThat(LambdaRoute.cheapest(positions, out, in)).isEqualTo(expected);
  }

  @Test
  void chosenRouteNeverCostsMoreByTheTable() {
    for (long out = 1; out <= 9; out++) {
      for (long in = 1; in <= 9; in++) {
        for (long t = 1; t <= 12; t++) {
          // METHOD section 4, for one sequence.
          long positions = t * (in * in + out * out) + t * out * in;
          long gradients = t * out * in + out * in * (in + out);
          LambdaRoute chosen = LambdaRoute.cheapest(t, out, in);
          if (positions != gradients) {
            assertThat(chosen)
                .as("%d positions, [%d, %d]", t, out, in)
                .isEqualTo(positions < gradients ? ROTATE_POSITIONS : ROTATE_GRADIENTS);
          }
        }
      }
    }
  }
}
