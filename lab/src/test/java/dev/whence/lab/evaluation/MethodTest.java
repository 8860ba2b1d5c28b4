package dev.whence.lab.evaluation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.whence.Progress;
import dev.whence.lab.data.Dataset;
import dev.whence.lab.model.Perceptron;
import dev.whence.lab.model.Perceptron.Nonlinearity;
import dev.whence.tensor.DType;
import dev.whence.tensor.Scope;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class MethodTest {
  private static final long SEED = 3;
  private static final int SIZE = 30;
  private static final double DAMPING = 0.01;
  private static final Method.Effort EFFORT = new Method.Effort(60, 5, 1e-9, 300, 8, SEED);

  private static double[] influences(Task task, Method method, Method.Effort effort) {
    long[] all = LongStream.range(0, SIZE).toArray();
    try (Method.Prepared prepared = method.prepare(task, DAMPING, effort, Progress.NONE)) {
      return Arrays.stream(InfluenceMatrix.of(task, prepared.solver(), all))
          .flatMapToDouble(Arrays::stream)
          .toArray();
    }
  }

  private static double error(double[] actual, double[] exact) {
    double difference = 0;
    double size = 0;
    for (int i = 0; i < exact.length; i++) {
      difference += (actual[i] - exact[i]) * (actual[i] - exact[i]);
      size += exact[i] * exact[i];
    }
    return Math.sqrt(difference / size);
  }

  @Test
  void whatCostsMoreComesNearerToTheExactInfluence() {
    Random random = new Random(SEED);
    try (Scope _ = Scope.open();
        Dataset data =
            Dataset.reals(
                random.doubles(3L * SIZE, -1, 1).toArray(),
                random.doubles(SIZE, -1, 1).toArray(),
                DType.FLOAT64);
        Dataset queries = data.subset(1, 4);
        Perceptron model =
            new Perceptron(List.of(3, 6, 1), Nonlinearity.TANH, SEED, DType.FLOAT64)) {
      Task task = new Task("test", model, model.linears(), data, queries, 7, 50);
      double[] exact = influences(task, Method.EXACT, EFFORT);
      double identity = error(influences(task, Method.IDENTITY, EFFORT), exact);
      double ekfac = error(influences(task, Method.EKFAC, EFFORT), exact);
      double refined = error(influences(task, Method.REFINED, EFFORT), exact);
      double cg = error(influences(task, Method.CG, EFFORT), exact);
      assertThat(ekfac).as("beside %f by identity", identity).isLessThan(identity);
      assertThat(refined).as("beside %f by ekfac", ekfac).isLessThan(ekfac / 2);
      assertThat(cg).isLessThan(1e-6);
      double[] lissa = influences(task, Method.LISSA, EFFORT);
      assertThat(error(lissa, exact)).isLessThan(ekfac);
      assertThat(influences(task, Method.LISSA, EFFORT)).isEqualTo(lissa);
      assertThat(influences(task, Method.LISSA, EFFORT.withSeed(SEED + 1))).isNotEqualTo(lissa);
    }
  }
}
