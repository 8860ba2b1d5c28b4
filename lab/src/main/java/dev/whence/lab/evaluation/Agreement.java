package dev.whence.lab.evaluation;

import java.util.ArrayList;
import java.util.List;
import org.hipparchus.stat.correlation.PearsonsCorrelation;
import org.hipparchus.stat.correlation.SpearmansCorrelation;

/**
 * How well predictions agree with the truth: a correlation over the examples for each measurement,
 * then the mean over the measurements with its bootstrap interval.
 */
public record Agreement(MeanInterval pearson, MeanInterval spearman) {
  /**
   * Compares.
   *
   * @param predicted [measurements][examples]
   * @param truth of the same shape
   */
  public static Agreement of(double[][] predicted, double[][] truth) {
    List<Double> pearson = new ArrayList<>();
    List<Double> spearman = new ArrayList<>();
    for (int q = 0; q < truth.length; q++) {
      pearson.add(new PearsonsCorrelation().correlation(predicted[q], truth[q]));
      spearman.add(new SpearmansCorrelation().correlation(predicted[q], truth[q]));
    }
    return new Agreement(interval(pearson), interval(spearman));
  }

  private static MeanInterval interval(List<Double> values) {
    return MeanInterval.of(values.stream().mapToDouble(v -> v).toArray());
  }
}
