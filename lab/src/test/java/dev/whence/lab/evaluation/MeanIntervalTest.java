package dev.whence.lab.evaluation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import org.junit.jupiter.api.Test;

class MeanIntervalTest {
  @Test
  void intervalOfManyDrawsIsThatOfTheNormalDistribution() {
    long seed = 21;
    double[] values = new Random(seed).doubles(400).toArray();
    MeanInterval interval = MeanInterval.of(values);
    double mean = java.util.Arrays.stream(values).average().orElseThrow();
    double variance =
        java.util.Arrays.stream(values).map(v -> (v - mean) * (v - mean)).average().orElseThrow();
    double half = 1.96 * Math.sqrt(variance / values.length);
    assertThat(interval.mean()).isEqualTo(mean);
    assertThat(interval.low()).as("seed %d", seed).isEqualTo(mean - half, within(0.1 * half));
    assertThat(interval.high()).as("seed %d", seed).isEqualTo(mean + half, within(0.1 * half));
  }

  @Test
  void oneValueOrEqualValuesLeaveNothingOpen() {
    assertThat(MeanInterval.of(0.5)).isEqualTo(new MeanInterval(0.5, 0.5, 0.5));
    assertThat(MeanInterval.of(1, 1, 1)).isEqualTo(new MeanInterval(1, 1, 1));
    assertThatThrownBy(MeanInterval::of).isInstanceOf(IllegalArgumentException.class);
  }
}
