package dev.whence.lab.evaluation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.whence.InvalidInputException;
import dev.whence.curvature.CurvatureKind;
import dev.whence.lab.data.Dataset;
import dev.whence.lab.model.Perceptron;
import dev.whence.lab.model.Perceptron.Nonlinearity;
import dev.whence.lab.training.SmallTrainer;
import dev.whence.tensor.DType;
import dev.whence.tensor.Scope;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class MislabelledTest {
  private static final long SEED = 4;

  @Test
  void someLabelsAreWrongAndTheOthersAreNot() {
    Mislabelled.Labels labels = new Mislabelled.Labels(0.1, 10, SEED);
    long[] right = LongStream.range(0, 200).map(i -> i % 10).toArray();
    long[] changed = labels.of(right);
    Set<Long> wrong = labels.wrongOf(200);
    assertThat(wrong).hasSize(20);
    for (int i = 0; i < 200; i++) {
      assertThat(changed[i] != right[i]).as("label %d", i).isEqualTo(wrong.contains((long) i));
      assertThat(changed[i]).isBetween(0L, 9L);
    }
    assertThat(Mislabelled.Labels.RIGHT.of(right)).isEqualTo(right);
    assertThatThrownBy(() -> new Mislabelled.Labels(0.7, 10, SEED))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("--wrong");
  }

  @Test
  void theCurveCountsFromTheLargestScoreDown() {
    double[] scores = {0.1, 5, 0.2, 4, 0.3, 0.4, 0.5, 0.6, 3, 0.7};
    Mislabelled.Curve curve =
        Mislabelled.Curve.of("m", scores, Set.of(1L, 3L, 0L), new double[] {0.1, 0.3, 1});
    assertThat(curve.found()[0]).isCloseTo(1 / 3.0, within(1e-12));
    assertThat(curve.found()[1]).isCloseTo(2 / 3.0, within(1e-12));
    assertThat(curve.found()[2]).isEqualTo(1);
  }

  /** Two clouds far apart: what is labelled against its cloud stands out by any method. */
  @Test
  void selfInfluenceFindsWrongLabelsOfSeparateClouds() {
    Random random = new Random(SEED);
    int n = 200;
    float[] features = new float[2 * n];
    long[] right = new long[n];
    for (int i = 0; i < n; i++) {
      right[i] = i % 2;
      features[2 * i] = (float) (random.nextGaussian() + (right[i] == 0 ? -3 : 3));
      features[2 * i + 1] = (float) random.nextGaussian();
    }
    Mislabelled.Labels labels = new Mislabelled.Labels(0.1, 2, SEED);
    try (Scope _ = Scope.open();
        Dataset data = Dataset.classes(features, labels.of(right), DType.FLOAT64);
        Perceptron model =
            new Perceptron(List.of(2, 8, 2), Nonlinearity.TANH, SEED, DType.FLOAT64)) {
      new SmallTrainer(20, 20, 1e-2, 1e-3)
          .train(model, model.linears(), data, LongStream.range(0, n).toArray(), SEED);
      Task task = new Task("clouds", model, model.linears(), data, data, 50, 1);
      List<Mislabelled.Curve> curves =
          Mislabelled.curves(task, labels.wrongOf(n), new double[] {0.1}, 0.01, SEED);
      assertThat(curves).hasSize(CurvatureKind.values().length);
      curves.forEach(c -> assertThat(c.found()[0]).as(c.method()).isGreaterThanOrEqualTo(0.9));
    }
  }
}
