package dev.whence.benchmarks;

import dev.whence.tensor.SafetensorsFile;
import dev.whence.tensor.Scope;
import java.nio.file.Path;

/** Two score matrices, compared. */
final class Scores {
  private Scores() {}

  /** Pearson's correlation over all queries and sequences. */
  static double correlation(Path a, Path b) {
    double[] x = read(a);
    double[] y = read(b);
    if (x.length != y.length) {
      throw new IllegalArgumentException(x.length + " scores against " + y.length);
    }
    double meanX = mean(x);
    double meanY = mean(y);
    double xy = 0;
    double xx = 0;
    double yy = 0;
    for (int i = 0; i < x.length; i++) {
      xy += (x[i] - meanX) * (y[i] - meanY);
      xx += (x[i] - meanX) * (x[i] - meanX);
      yy += (y[i] - meanY) * (y[i] - meanY);
    }
    return xy / Math.sqrt(xx * yy);
  }

  private static double mean(double[] values) {
    double sum = 0;
    for (double value : values) {
      sum += value;
    }
    return sum / values.length;
  }

  private static double[] read(Path file) {
    try (Scope _ = Scope.open();
        SafetensorsFile scores = SafetensorsFile.open(file)) {
      return scores.tensor("influence").toDoubles();
    }
  }
}
