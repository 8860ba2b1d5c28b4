package dev.whence.lab.evaluation;

import java.util.Arrays;
import java.util.Random;

/**
 * A mean, and where it would lie in 95 of 100 draws of as many values: the percentile bootstrap.
 *
 * @param low 2.5% of the resamples' means are below
 * @param high 2.5% of the resamples' means are above
 */
public record MeanInterval(double mean, double low, double high) {
  private static final int RESAMPLES = 10_000;
  private static final long SEED = 0;

  /**
   * The mean of some values; equal values give equal intervals.
   *
   * @throws IllegalArgumentException if there are none
   */
  public static MeanInterval of(double... values) {
    if (values.length == 0) {
      throw new IllegalArgumentException("the mean of no values");
    }
    Random random = new Random(SEED);
    double[] means = new double[RESAMPLES];
    for (int r = 0; r < RESAMPLES; r++) {
      double sum = 0;
      for (int v = 0; v < values.length; v++) {
        sum += values[random.nextInt(values.length)];
      }
      means[r] = sum / values.length;
    }
    Arrays.sort(means);
    return new MeanInterval(
        Arrays.stream(values).average().orElseThrow(),
        means[(int) (0.025 * RESAMPLES)],
        means[(int) (0.975 * RESAMPLES) - 1]);
  }
}
