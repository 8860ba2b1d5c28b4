package dev.whence.lab.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.whence.Progress;
import dev.whence.lab.evaluation.InfluenceMatrix;
import dev.whence.lab.evaluation.Method;
import dev.whence.lab.evaluation.Task;
import dev.whence.lab.model.Perceptron;
import dev.whence.lab.model.Perceptron.Nonlinearity;
import dev.whence.model.Tap;
import dev.whence.tensor.DType;
import dev.whence.tensor.Scope;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class MeasurementTest {
  private static final long SEED = 9;

  private static Dataset data(Random random, int count) {
    return Dataset.reals(
        random.doubles(count * 2L, -1, 1).toArray(),
        random.doubles(count, -1, 1).toArray(),
        DType.FLOAT64);
  }

  /** {@code -(y - f)^2 / 2} has the slope {@code y - f} in f. */
  @Test
  void influenceOnThePredictionIsThatOnTheLogLikelihoodByTheResidual() {
    Random random = new Random(SEED);
    try (Scope _ = Scope.open();
        Dataset training = data(random, 12);
        Dataset queries = data(random, 3);
        Perceptron model =
            new Perceptron(List.of(2, 4, 1), Nonlinearity.TANH, SEED, DType.FLOAT64)) {
      double[] predictions =
          model.outputs(queries.at(0, 1, 2).inputs(), Tap.NONE).detach().toDoubles();
      double[] targets = queries.targets().toDoubles();
      assertThat(Measurement.OUTPUT.of(queries).logLikelihoods(model)).containsExactly(predictions);
      double[][] onLikelihood = influences(model, training, Measurement.LOG_LIKELIHOOD.of(queries));
      double[][] onOutput = influences(model, training, Measurement.OUTPUT.of(queries));
      for (int q = 0; q < 3; q++) {
        for (int s = 0; s < 12; s++) {
          assertThat(onOutput[q][s] * (targets[q] - predictions[q]))
              .isCloseTo(onLikelihood[q][s], within(1e-10));
        }
      }
    }
  }

  private static double[][] influences(Perceptron model, Dataset training, ExampleSet queries) {
    Task task = new Task("test", model, model.linears(), training, queries, 5, 1);
    try (Method.Prepared exact =
        Method.EXACT.prepare(task, 0.1, Method.Effort.QUICK, Progress.NONE)) {
      return InfluenceMatrix.of(
          task, exact.solver(), new long[] {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11});
    }
  }
}
