package dev.whence.lab.evaluation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.whence.lab.data.Dataset;
import dev.whence.lab.model.Perceptron;
import dev.whence.lab.model.Perceptron.Nonlinearity;
import dev.whence.lab.solver.Weights;
import dev.whence.model.Tap;
import dev.whence.tensor.DType;
import dev.whence.tensor.Scope;
import dev.whence.tensor.Tensor;
import dev.whence.trace.Linearization;
import dev.whence.trace.Targets;
import java.util.List;
import java.util.Random;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/** Cosines against those of gradients and hidden activations, one pair after the other. */
class BaselineTest {
  private static final long SEED = 6;
  private static final int SIZE = 9;

  @Test
  void cosinesAreThoseOfEachPair() {
    Random random = new Random(SEED);
    float[] features = new float[2 * SIZE];
    for (int i = 0; i < features.length; i++) {
      features[i] = (float) random.nextGaussian();
    }
    try (Scope _ = Scope.open();
        Dataset data =
            Dataset.classes(features, random.longs(SIZE, 0, 3).toArray(), DType.FLOAT64);
        Perceptron model =
            new Perceptron(List.of(2, 5, 3), Nonlinearity.TANH, SEED, DType.FLOAT64)) {
      // Batches of 4 of 9 examples.
      Task task = new Task("test", model, model.linears(), data, data, 4, 1);
      long[] places = LongStream.range(0, SIZE).map(i -> SIZE - 1 - i).toArray();
      double[][] gradients = Baseline.GRADIENT_COSINE.scores(task, places, SEED);
      double[][] hidden = Baseline.REPRESENTATION.scores(task, places, SEED);
      for (int q = 0; q < SIZE; q++) {
        for (int s = 0; s < SIZE; s++) {
          assertThat(gradients[q][s])
              .isCloseTo(cosine(gradient(task, q), gradient(task, places[s])), within(1e-10));
          assertThat(hidden[q][s])
              .isCloseTo(cosine(hidden(task, q), hidden(task, places[s])), within(1e-10));
        }
      }
      assertThat(gradients[2][SIZE - 3]).as("with itself").isCloseTo(1, within(1e-10));
      assertThat(Baseline.RANDOM.scores(task, places, 1))
          .isDeepEqualTo(Baseline.RANDOM.scores(task, places, 1));
    }
  }

  private static Weights gradient(Task task, long place) {
    return new Weights(
        Linearization.of(task.model(), task.layers(), task.training().at(place))
            .logLikelihoodGradient(new Targets.Given()));
  }

  /** What the last layer reads. */
  private static Weights hidden(Task task, long place) {
    Tensor[] seen = new Tensor[1];
    Tap last =
        (_, input, output) -> {
          seen[0] = input.detach();
          return output;
        };
    Tensor _ = task.model().outputs(task.training().at(place).inputs(), last);
    return new Weights(List.of(seen[0]));
  }

  private static double cosine(Weights a, Weights b) {
    return a.dot(b) / (a.norm() * b.norm());
  }
}
