package dev.whence.lab.evaluation;

import java.util.Arrays;
import java.util.Random;

/**
 * A mean with its 95% confidence interval by the percentile bootstrap.
 *
 * @param low the 2.5th percentile of the resamples' means
 * @param high the 97.5th percentile of the resamples' means
 */
public record MeanInterval(double mean, double low, double high) {
  private static final int RESAMPLES = 10_000;
  private static final long SEED = 0;

  /**
   * Computes the mean and its interval, resampling by a fixed seed: the same values always give the
   * same interval.
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
