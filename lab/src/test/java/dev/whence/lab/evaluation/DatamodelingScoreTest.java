package dev.whence.lab.evaluation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.whence.Progress;
import dev.whence.lab.data.Dataset;
import dev.whence.lab.data.Measurement;
import dev.whence.lab.model.Perceptron;
import dev.whence.lab.model.Perceptron.Nonlinearity;
import dev.whence.lab.retraining.SubsetBank;
import dev.whence.lab.retraining.TableRecipe;
import dev.whence.lab.training.SmallTrainer;
import dev.whence.tensor.DType;
import dev.whence.tensor.Scope;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DatamodelingScoreTest {
  private static final long SEED = 8;
  private static final int FEATURES = 3;
  private static final int SIZE = 60;

  @TempDir private Path folder;

  /** A sum of the features with noise. */
  private static Dataset rows(Random random, int count) {
    double[] features = random.doubles((long) count * FEATURES, -1, 1).toArray();
    double[] targets = new double[count];
    for (int n = 0; n < count; n++) {
      for (int f = 0; f < FEATURES; f++) {
        targets[n] += features[n * FEATURES + f];
      }
      targets[n] += random.nextGaussian();
    }
    return Dataset.reals(features, targets, DType.FLOAT64);
  }

  /** Where the loss is quadratic, influence says what training on halves does. */
  @Test
  void exactInfluencesOfALinearRegressionOrderItsHalves() {
    Random random = new Random(SEED);
    try (Scope _ = Scope.open();
        TableRecipe recipe =
            new TableRecipe(
                "line",
                s -> new Perceptron(List.of(FEATURES, 1), Nonlinearity.TANH, s, DType.FLOAT64),
                rows(random, SIZE),
                rows(random, 4),
                Measurement.OUTPUT,
                new SmallTrainer(150, 20, 0.03, 0))) {
      SubsetBank bank =
          SubsetBank.of(recipe, 40, 1, SEED, folder.resolve("bank.json"), Progress.NONE);
      long[] all = LongStream.range(0, SIZE).toArray();
      try (Perceptron model = (Perceptron) recipe.train(all, SEED)) {
        Task task =
            new Task("line", model, model.linears(), recipe.training(), recipe.measured(), 20, 1);
        try (Method.Prepared exact =
            Method.EXACT.prepare(task, 1e-6, Method.Effort.QUICK, Progress.NONE)) {
          double[][] influence = InfluenceMatrix.of(task, exact.solver(), all);
          Agreement score = DatamodelingScore.of(bank, influence);
          assertThat(score.spearman().mean()).isGreaterThan(0.9);
          double[][] unrelated = Baseline.RANDOM.scores(task, all, SEED);
          assertThat(DatamodelingScore.of(bank, unrelated).spearman().mean()).isLessThan(0.4);
        }
      }
    }
  }
}
