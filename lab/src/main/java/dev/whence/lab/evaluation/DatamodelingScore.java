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
   * What the noise of training leaves to be predicted: how well one model of each half is predicted
   * by the others of the same half. No method can be expected to do much better.
   *
   * @throws IllegalArgumentException if there is only one model of each half
   */
  public static Agreement ceiling(SubsetBank bank) {
    if (bank.seeds() < 2) {
      throw new IllegalArgumentException("one model of each half leaves none to compare with");
    }
    int measurements = bank.measured(0).length;
    double[][] predicted = new double[measurements][bank.subsets()];
    double[][] truth = new double[measurements][bank.subsets()];
    for (int s = 0; s < bank.subsets(); s++) {
      double[] one = bank.measured(s, 0, 1);
      double[] others = bank.measured(s, 1, bank.seeds());
      for (int q = 0; q < measurements; q++) {
        truth[q][s] = one[q];
        predicted[q][s] = others[q];
      }
    }
    return Agreement.of(predicted, truth);
  }
}
