package dev.whence.fit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.whence.curvature.Covariance;
import dev.whence.curvature.Curvature;
import dev.whence.curvature.CurvatureKind;
import dev.whence.curvature.Damping;
import dev.whence.curvature.Dense;
import dev.whence.curvature.Fisher;
import dev.whence.model.Linear;
import dev.whence.model.Model;
import dev.whence.model.Tap;
import dev.whence.tensor.DType;
import dev.whence.tensor.Device;
import dev.whence.tensor.Functions;
import dev.whence.tensor.Scope;
import dev.whence.tensor.Tensor;
import dev.whence.tensor.Tensors;
import dev.whence.trace.Targets;
import dev.whence.trace.TokenBatch;
import dev.whence.trace.Trace;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** A layer that a model uses twice in a pass. */
class SharedLayerTest {
  private static final long SEED = 12;
  private static final int WIDTH = 3;
  private static final int EXAMPLES = 5;

  private interface ModelOnCpu extends Model {
    @Override
    default DType type() {
      return DType.FLOAT64;
    }

    @Override
    default Device device() {
      return Device.CPU;
    }
  }

  /** {@code W tanh(W x)}. */
  private record Twice(Linear layer) implements ModelOnCpu {
    @Override
    public Tensor outputs(Tensor inputs, Tap tap) {
      return layer.apply(Functions.tanh(layer.apply(inputs, tap)), tap);
    }

    @Override
    public List<Linear> linears() {
      return List.of(layer);
    }
  }

  /** K-FAC's expectation of the Fisher is a sum over both uses, once: not twice over. */
  @Test
  void bothUsesAreInTheCovariancesAndInTheCountThatTheyAreDividedBy() {
    Random random = new Random(SEED);
    try (Scope _ = Scope.open()) {
      Linear layer = layer("shared", random);
      Model model = new Twice(layer);
      TokenBatch batch = batch(random);
      Trace trace = Trace.of(model, List.of(layer), batch, new Targets.Given());
      List<double[]> inputs = new ArrayList<>();
      List<double[]> gradients = new ArrayList<>();
      for (Trace.Use use : trace.uses(0)) {
        for (int b = 0; b < EXAMPLES; b++) {
          inputs.add(use.input().select(0, b).select(0, 0).toDoubles());
          gradients.add(use.gradient().select(0, b).select(0, 0).toDoubles());
        }
      }
      assertThat(inputs).hasSize(2 * EXAMPLES);
      double[][] a = Dense.meanOuterProduct(inputs);
      double[][] s = Dense.meanOuterProduct(gradients);
      try (Covariances sums =
          new Covariances(
              List.of(layer),
              InputGroups.of(model, List.of(layer), batch),
              1,
              DType.FLOAT64,
              Device.CPU,
              false)) {
        sums.add(trace, batch);
        near(sums.activation(0), sums.positions(0), a);
        near(sums.gradient(0), sums.positions(0), s);
      }
      FitSettings kfac =
          FitSettings.DEFAULT
              .withCurvatures(EnumSet.of(CurvatureKind.KFAC))
              .withFisher(Fisher.EMPIRICAL);
      double[][] v = Dense.random(random, WIDTH, WIDTH);
      try (MemoryFit fit =
              MemoryFit.of(model, List.of(layer), step -> step.accept(batch), batch, kfac);
          Curvature curvature =
              fit.layers().getFirst().curvature(CurvatureKind.KFAC, new Damping.Absolute(1e-12))) {
        // (uses S (x) A)^-1 V = S^-1 V A^-1 / uses, for one position a use.
        double[][] expected = Dense.times(Dense.times(Dense.inverse(s), v), Dense.inverse(a));
        double[] halved = Dense.flat(expected);
        for (int i = 0; i < halved.length; i++) {
          halved[i] /= 2;
        }
        assertThat(Dense.error(curvature.precondition(Dense.tensor(v)).toDoubles(), halved))
            .as("seed %d", SEED)
            .isLessThan(1e-6);
      }
    }
  }

  /** {@code V x + W tanh(W x)}: V reads what W reads first. */
  private record Beside(Linear shared, Linear single) implements ModelOnCpu {
    @Override
    public Tensor outputs(Tensor inputs, Tap tap) {
      Tensor first = shared.apply(inputs, tap);
      return single.apply(inputs, tap).plus(shared.apply(Functions.tanh(first), tap));
    }

    @Override
    public List<Linear> linears() {
      return List.of(shared, single);
    }
  }

  /** The covariance of a layer with several uses has more inputs than the first. */
  @Test
  void anotherReaderOfTheFirstInputHasACovarianceOfItsOwn() {
    Random random = new Random(SEED);
    try (Scope _ = Scope.open()) {
      Linear shared = layer("shared", random);
      Linear single = layer("single", random);
      Model model = new Beside(shared, single);
      InputGroups groups = InputGroups.of(model, model.linears(), batch(random));
      assertThat(groups.leader()).containsExactly(0, 1);
    }
  }

  private static Linear layer(String name, Random random) {
    return Linear.of(
        name, Linear.Role.MLP, Dense.tensor(Dense.random(random, WIDTH, WIDTH)), false);
  }

  private static void near(Covariance sum, long count, double[][] expected) {
    assertThat(
            Dense.error(
                sum.mean(count, DType.FLOAT64).getFirst().toDoubles(), Dense.flat(expected)))
        .isLessThan(1e-13);
  }

  private static TokenBatch batch(Random random) {
    long[] classes = random.longs(EXAMPLES, 0, WIDTH).toArray();
    return new TokenBatch(
        Dense.tensor(Dense.random(random, EXAMPLES, WIDTH)).reshape(EXAMPLES, 1, WIDTH),
        Tensors.of(classes, EXAMPLES, 1),
        Tensors.ones(DType.FLOAT32, Device.CPU, EXAMPLES, 1),
        Optional.empty(),
        Tensors.zeros(DType.INT64, Device.CPU, EXAMPLES),
        IntStream.generate(() -> 1).limit(EXAMPLES).toArray());
  }
}
