package dev.whence.curvature;

import static dev.whence.curvature.RotationRoute.GRADIENTS;
import static dev.whence.curvature.RotationRoute.POSITIONS;
import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RotationRouteTest {
  @ParameterizedTest
  @CsvSource({
    // A square layer: 2 T n^2 against 2 n^3.
    "63, 64, 64, POSITIONS",
    "65, 64, 64, GRADIENTS",
    // [3, 2]: 13 T against 30.
    "2, 3, 2, POSITIONS",
    "3, 3, 2, GRADIENTS",
    // Swapped, nothing changes.
    "2, 2, 3, POSITIONS",
    "3, 2, 3, GRADIENTS",
    // Sizes whose product passes 2^31.
    "2048, 14336, 4096, POSITIONS",
    "8192, 14336, 4096, GRADIENTS",
  })
  void turningPointIsWhereTheCostsMeet(long positions, long out, long in, RotationRoute expected) {
    assertThat(RotationRoute.cheapest(positions, out, in)).isEqualTo(expected);
  }

  @Test
  void chosenRouteNeverCostsMoreByTheTable() {
    for (long out = 1; out <= 9; out++) {
      for (long in = 1; in <= 9; in++) {
        for (long t = 1; t <= 12; t++) {
          // METHOD section 4, for one sequence.
          long positions = t * (in * in + out * out) + t * out * in;
          long gradients = t * out * in + out * in * (in + out);
          RotationRoute chosen = RotationRoute.cheapest(t, out, in);
          if (positions != gradients) {
            assertThat(chosen)
                .as("%d positions, [%d, %d]", t, out, in)
                .isEqualTo(positions < gradients ? POSITIONS : GRADIENTS);
          }
        }
      }
    }
  }
}
