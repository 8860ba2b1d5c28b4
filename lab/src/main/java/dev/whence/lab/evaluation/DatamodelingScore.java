package dev.whence.lab.evaluation;

import dev.whence.lab.retraining.SubsetBank;

/**
 * The linear datamodeling score (Park et al. 2023): over random halves of the data, does the sum of
 * the influences of a half's examples order the halves as training on them does?
 */
public final class DatamodelingScore {
  private DatamodelingScore() {}

  /**
   * Scores a method.
   *
   * @param influence of every training example on every measurement: [measurements][examples]
   */
  public static Agreement of(SubsetBank bank, double[][] influence) {
    double[][] predicted = new double[influence.length][bank.subsets()];
    double[][] truth = new double[influence.length][bank.subsets()];
    for (int s = 0; s < bank.subsets(); s++) {
      long[] subset = bank.subset(s);
      double[] measured = bank.measured(s);
      for (int q = 0; q < influence.length; q++) {
        truth[q][s] = measured[q];
        for (long place : subset) {
          predicted[q][s] += influence[q][(int) place];
        }
      }
    }
    return Agreement.of(predicted, truth);
  }

  /**
   * The highest score that the noise of training allows: that of a method which predicts each
   * half's mean measurement over all seeds. From the correlation r of two models of the same half,
   * averaged over pairs, the mean over S models has reliability {@code S r / (1 + (S - 1) r)}
   * (Spearman and Brown), and its square root is the correlation with the mean over all seeds.
   *
   * @throws IllegalArgumentException if there is only one model of each half
   */
  public static Agreement ceiling(SubsetBank bank) {
    int seeds = bank.seeds();
    if (seeds < 2) {
      throw new IllegalArgumentException("one model of each half leaves none to compare with");
    }
    double[][][] models = new double[seeds][][]; // [models][measurements][halves]
    for (int m = 0; m < seeds; m++) {
      models[m] = new double[bank.measured(0).length][bank.subsets()];
      for (int s = 0; s < bank.subsets(); s++) {
        double[] measured = bank.measured(s, m, m + 1);
        for (int q = 0; q < measured.length; q++) {
          models[m][q][s] = measured[q];
        }
      }
    }
    return Agreement.of(
        models[0].length,
        (q, correlation) -> {
          double sum = 0;
          for (int a = 0; a < seeds; a++) {
            for (int b = 0; b < a; b++) {
              sum += correlation.applyAsDouble(models[a][q], models[b][q]);
            }
          }
          double r = Math.max(0, sum / (seeds * (seeds - 1) / 2.0));
          return Math.sqrt(seeds * r / (1 + (seeds - 1) * r));
        });
  }
}
