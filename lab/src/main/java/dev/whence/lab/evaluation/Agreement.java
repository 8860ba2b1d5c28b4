package dev.whence.lab.evaluation;

import java.util.function.ToDoubleBiFunction;
import java.util.stream.IntStream;
import org.hipparchus.stat.correlation.PearsonsCorrelation;
import org.hipparchus.stat.correlation.SpearmansCorrelation;

/**
 * How well predictions agree with the truth: a correlation over the examples for each measurement,
 * then the mean over the measurements with its bootstrap interval.
 */
public record Agreement(MeanInterval pearson, MeanInterval spearman) {
  /**
   * Correlates predictions with the truth.
   *
   * @param predicted [measurements][examples]
   * @param truth of the same shape
   */
  public static Agreement of(double[][] predicted, double[][] truth) {
    return of(truth.length, (q, correlation) -> correlation.applyAsDouble(predicted[q], truth[q]));
  }

  /** Computes a number for a measurement from correlations of a given kind. */
  @FunctionalInterface
  interface Measure {
    double of(int measurement, ToDoubleBiFunction<double[], double[]> correlation);
  }

  /** Averages each measurement's number, once by each kind of correlation. */
  static Agreement of(int measurements, Measure measure) {
    return new Agreement(
        interval(measurements, measure, new PearsonsCorrelation()::correlation),
        interval(measurements, measure, new SpearmansCorrelation()::correlation));
  }

  private static MeanInterval interval(
      int measurements, Measure measure, ToDoubleBiFunction<double[], double[]> correlation) {
    return MeanInterval.of(
        IntStream.range(0, measurements).mapToDouble(q -> measure.of(q, correlation)).toArray());
  }
}
