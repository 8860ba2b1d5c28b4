package dev.whence.lab.response;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.whence.Progress;
import dev.whence.budget.MemoryBudget;
import dev.whence.lab.data.Dataset;
import dev.whence.lab.evaluation.InfluenceMatrix;
import dev.whence.lab.evaluation.Task;
import dev.whence.lab.model.Perceptron;
import dev.whence.lab.model.Perceptron.Nonlinearity;
import dev.whence.lab.response.ProximalBregman.Response;
import dev.whence.lab.solver.ConjugateGradient;
import dev.whence.lab.solver.ExactInverse;
import dev.whence.lab.solver.GaussNewton;
import dev.whence.lab.solver.InverseSolver;
import dev.whence.tensor.DType;
import dev.whence.tensor.Scope;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ProximalBregmanTest {
  private static final long SEED = 3;

  /**
   * For small epsilon the response is the exact influence: the objective's minimum moves by {@code
   * -(G + lambda)^-1 grad L}.
   */
  @ParameterizedTest
  @ValueSource(ints = {1, 3})
  void responseTendsToTheExactInfluence(int outputs) {
    boolean classes = outputs > 1;
    Random random = new Random(SEED);
    int count = 24;
    try (Scope _ = Scope.open();
        Perceptron model =
            new Perceptron(List.of(3, 4, outputs), Nonlinearity.TANH, SEED, DType.FLOAT64);
        Dataset training = data(random, count, classes);
        Dataset queries = data(random, 5, classes)) {
      List<double[]> before = model.linears().stream().map(l -> l.matrix().toDoubles()).toList();
      double damping = 0.1;
      ProximalBregman.Settings settings =
          // Batches of 20 and 4 of 24 examples: the last must not count for more.
          new ProximalBregman.Settings(1e-4, damping, 20, 1500, 0.05, 1e-4, 4, SEED);
      Task task = new Task("test", model, model.linears(), training, queries, 8, 1);
      double[][] exact;
      try (ExactInverse inverse =
          ExactInverse.of(
              new GaussNewton(model, model.linears(), training.pass(8), damping),
              new MemoryBudget(1L << 30),
              Progress.NONE)) {
        exact = InfluenceMatrix.of(task, inverse, new long[] {0, 7});
      }
      try (ProximalBregman objective =
          new ProximalBregman(model, model.linears(), training, settings)) {
        for (int s = 0; s < 2; s++) {
          Response response = objective.respond(s == 0 ? 0 : 7, queries, true);
          assertThat(response.gradient()).isLessThan(1e-4);
          for (int q = 0; q < 5; q++) {
            double scale = largest(exact, s);
            assertThat(Math.abs(response.changes()[q] - exact[q][s]) / scale)
                .as("example %d, measurement %d", s, q)
                .isLessThan(1e-3);
            assertThat(Math.abs(response.opposite().orElseThrow()[q] - exact[q][s]) / scale)
                .isLessThan(1e-3);
          }
        }
      }
      IntStream.range(0, before.size())
          .forEach(l ->
              assertThat(model.linears().get(l).matrix().toDoubles())
                  .as("weights are put back")
                  .isEqualTo(before.get(l)));
    }
  }

  /** Two ways to the minimum, and one objective that says how near they are. */
  @ParameterizedTest
  @ValueSource(ints = {1, 3})
  void newtonAndAdamFindTheSameMinimum(int outputs) {
    Random random = new Random(SEED);
    try (Scope _ = Scope.open();
        Perceptron model =
            new Perceptron(List.of(3, 4, outputs), Nonlinearity.TANH, SEED, DType.FLOAT64);
        Dataset training = data(random, 24, outputs > 1);
        Dataset queries = data(random, 5, outputs > 1)) {
      ProximalBregman.Settings settings =
          new ProximalBregman.Settings(1e-3, 0.05, 24, 1500, 0.05, 1e-5, 5, SEED);
      GaussNewton curvature = new GaussNewton(model, model.linears(), training.pass(8), 0.05);
      InverseSolver solver = new ConjugateGradient(curvature, 1e-6, 500);
      try (ProximalBregman byAdam =
              new ProximalBregman(model, model.linears(), training, settings);
          ProximalBregman byNewton =
              new ProximalBregman(
                  model, model.linears(), training, settings, Optional.of(solver))) {
        Response adam = byAdam.respond(3, queries, true);
        Response newton = byNewton.respond(3, queries, true);
        assertThat(newton.gradient()).isLessThan(1e-5);
        assertThat(newton.steps()).as("of Adam").isZero();
        for (int q = 0; q < 5; q++) {
          assertThat(newton.changes()[q])
              .isCloseTo(adam.changes()[q], within(1e-3 * largest(adam.changes())));
        }
      }
    }
  }

  private static double largest(double... values) {
    return Arrays.stream(values).map(Math::abs).max().orElseThrow();
  }

  private static double largest(double[][] matrix, int column) {
    double most = 0;
    for (double[] row : matrix) {
      most = Math.max(most, Math.abs(row[column]));
    }
    return most;
  }

  private static Dataset data(Random random, int count, boolean classes) {
    double[] features = random.doubles(count * 3L, -2, 2).toArray();
    if (!classes) {
      return Dataset.reals(features, random.doubles(count, -1, 1).toArray(), DType.FLOAT64);
    }
    float[] floats = new float[features.length];
    for (int i = 0; i < floats.length; i++) {
      floats[i] = (float) features[i];
    }
    return Dataset.classes(floats, random.longs(count, 0, 3).toArray(), DType.FLOAT64);
  }
}
