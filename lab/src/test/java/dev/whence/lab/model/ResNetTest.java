package dev.whence.lab.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.whence.lab.data.Dataset;
import dev.whence.lab.solver.GaussNewton;
import dev.whence.lab.solver.Weights;
import dev.whence.model.Linear;
import dev.whence.model.Tap;
import dev.whence.tensor.DType;
import dev.whence.tensor.Scope;
import dev.whence.tensor.Tensor;
import dev.whence.tensor.Tensors;
import dev.whence.trace.Linearization;
import dev.whence.trace.Targets;
import dev.whence.trace.Trace;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class ResNetTest {
  private static final long SEED = 2;

  /** Compares with the definition, written in seven loops. */
  @Test
  void convolutionIsTheSumUnderItsKernel() {
    Random random = new Random(SEED);
    int channels = 2;
    int side = 5;
    for (int stride = 1; stride <= 2; stride++) {
      try (Scope _ = Scope.open()) {
        Layers layers = new Layers(SEED, DType.FLOAT64);
        Convolution convolution = Convolution.of(layers, "c", channels, 3, 3, stride, 1);
        double[] x = random.doubles(2L * channels * side * side, -1, 1).toArray();
        double[] w = convolution.linear().matrix().toDoubles(); // [3, channels * 9 + 1]
        Tensor y = convolution.apply(Tensors.of(x, 2, channels, side, side), Tap.NONE);
        int small = (side - 1) / stride + 1;
        assertThat(y.shape()).containsExactly(2, 3, small, small);
        double[] actual = y.toDoubles();
        int n = 0;
        for (int b = 0; b < 2; b++) {
          for (int o = 0; o < 3; o++) {
            for (int r = 0; r < small; r++) {
              for (int c = 0; c < small; c++, n++) {
                double sum = w[o * (channels * 9 + 1) + channels * 9];
                for (int k = 0; k < channels * 9; k++) {
                  int row = r * stride + k / 3 % 3 - 1;
                  int column = c * stride + k % 3 - 1;
                  if (row >= 0 && row < side && column >= 0 && column < side) {
                    sum +=
                        w[o * (channels * 9 + 1) + k]
                            * x[((b * channels + k / 9) * side + row) * side + column];
                  }
                }
                assertThat(actual[n]).isCloseTo(sum, within(1e-12));
              }
            }
          }
        }
        layers.close();
      }
    }
  }

  private static Dataset images(int count, int side) {
    Random random = new Random(SEED);
    float[] pixels = new float[count * side * side];
    for (int i = 0; i < pixels.length; i++) {
      pixels[i] = random.nextFloat();
    }
    return Dataset.classes(pixels, random.longs(count, 0, 3).toArray(), DType.FLOAT64);
  }

  /** Compares with finite differences along a random direction of each layer's weights. */
  @Test
  void gradientsOfAllLayersAreTheSlopesOfTheLogLikelihood() {
    Random random = new Random(SEED);
    try (Scope _ = Scope.open();
        ResNet model = new ResNet(8, 2, 1, 3, SEED, DType.FLOAT64);
        Dataset data = images(3, 8)) {
      List<Linear> layers = model.linears();
      assertThat(layers).hasSize(1 + 6 + 2 + 1);
      Trace trace = Trace.of(model, layers, data.at(0, 1, 2), new Targets.Given());
      Weights gradient =
          new Weights(
              Linearization.of(model, layers, data.at(0, 1, 2))
                  .logLikelihoodGradient(new Targets.Given()));
      for (int l = 0; l < layers.size(); l++) {
        Tensor difference = trace.sequenceGradients(l).sum(0).minus(gradient.parts().get(l));
        assertThat(difference.norm().item()).as(layers.get(l).name()).isLessThan(1e-12);
        Linear layer = layers.get(l);
        Tensor before = layer.matrix();
        Tensor direction =
            Tensors.of(random.doubles(before.elements(), -1, 1).toArray(), before.shape());
        double step = 1e-6;
        layer.assign(before.plus(direction.times(step)));
        double up = logLikelihood(model, data);
        layer.assign(before.plus(direction.times(-step)));
        double down = logLikelihood(model, data);
        layer.assign(before);
        assertThat(gradient.parts().get(l).times(direction).sum().item())
            .as(layer.name())
            .isCloseTo((up - down) / (2 * step), within(1e-5));
      }
    }
  }

  private static double logLikelihood(ResNet model, Dataset data) {
    var examples = data.at(0, 1, 2);
    return examples
        .logProbabilities(model.outputs(examples.inputs(), Tap.NONE).detach())
        .sum()
        .item();
  }

  @Test
  void anExamplesOutputDoesNotDependOnItsNeighbours() {
    try (Scope _ = Scope.open();
        ResNet model = new ResNet(8, 2, 1, 3, SEED, DType.FLOAT64);
        Dataset data = images(3, 8)) {
      double[] together = model.outputs(data.at(0, 1, 2).inputs(), Tap.NONE).toDoubles();
      double[] alone = model.outputs(data.at(1).inputs(), Tap.NONE).toDoubles();
      for (int k = 0; k < 3; k++) {
        assertThat(together[3 + k]).isCloseTo(alone[k], within(1e-12));
      }
    }
  }

  @Test
  void gaussNewtonIsSymmetric() {
    Random random = new Random(SEED);
    try (Scope _ = Scope.open();
        ResNet model = new ResNet(8, 2, 1, 3, SEED, DType.FLOAT64);
        Dataset data = images(3, 8)) {
      GaussNewton curvature = new GaussNewton(model, model.linears(), data.pass(2), 0.1);
      Weights v = random(model, random);
      Weights w = random(model, random);
      double left = v.dot(curvature.times(w));
      assertThat(left).isCloseTo(w.dot(curvature.times(v)), within(1e-10 * Math.abs(left)));
      assertThat(v.dot(curvature.times(v))).isPositive();
    }
  }

  private static Weights random(ResNet model, Random random) {
    return new Weights(
        model.linears().stream()
            .map(l ->
                Tensors.of(
                    random.doubles(l.shape().elements(), -1, 1).toArray(), l.outputs(), l.inputs()))
            .toList());
  }
}
