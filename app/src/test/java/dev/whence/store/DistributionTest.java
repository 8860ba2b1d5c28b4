package dev.whence.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DistributionTest {
  private static final long SEED = 3;

  @ParameterizedTest
  @ValueSource(doubles = {0.8, 1.5, 3})
  void findsThePowerLawThatTheTailWasDrawnFrom(double exponent) {
    Random random = new Random(SEED);
    double[] pareto = random.doubles(100_000).map(u -> Math.pow(1 - u, -1 / exponent)).toArray();
    Distribution.PowerLaw law = Distribution.of(pareto).law().orElseThrow();
    assertThat(law.sequences()).isEqualTo(500);
    assertThat(law.exponent())
        .as("seed %d", SEED)
        .isCloseTo(exponent, within(4 * exponent / Math.sqrt(500)));
  }

  @Test
  void sharesAreSumsOfTheStrongest() {
    double[] influences = {1, -5, 4, 3, -1, 2, 0, 10};
    Distribution d = Distribution.of(influences);
    assertThat(d.sequences()).isEqualTo(8);
    assertThat(d.positive()).isEqualTo(5);
    assertThat(d.total()).isEqualTo(20);
    assertThat(d.law()).as("too few for a tail").isEmpty();
    assertThat(d.shares())
        .extracting(Distribution.Share::sequences, Distribution.Share::ofInfluence)
        .containsExactly(
            org.assertj.core.groups.Tuple.tuple(1L, 0.5),
            org.assertj.core.groups.Tuple.tuple(2L, 0.7),
            org.assertj.core.groups.Tuple.tuple(3L, 0.85),
            org.assertj.core.groups.Tuple.tuple(4L, 0.95),
            org.assertj.core.groups.Tuple.tuple(5L, 1.0));
    assertThat(d.tail().getFirst()).isEqualTo(new Distribution.Point(1, 10));
    assertThat(d.tail().getLast()).isEqualTo(new Distribution.Point(5, 1));
  }

  @Test
  void theTailOfManyIsThinnedButKeepsItsEnds() {
    double[] many = new Random(SEED).doubles(50_000).toArray();
    Distribution d = Distribution.of(many);
    assertThat(d.tail()).hasSizeLessThan(130);
    assertThat(d.tail().getFirst().influence()).isEqualTo(Arrays.stream(many).max().orElseThrow());
    assertThat(d.tail().getLast().rank()).isEqualTo(d.positive());
  }

  @Test
  void nothingPositiveIsNoDistribution() {
    assertThat(Distribution.of(new double[] {-1, 0}).tail()).isEmpty();
    assertThat(Distribution.of(new double[0]).shares()).isEmpty();
  }
}
