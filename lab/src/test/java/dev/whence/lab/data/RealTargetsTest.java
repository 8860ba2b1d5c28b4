package dev.whence.lab.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.whence.tensor.DType;
import dev.whence.tensor.Device;
import dev.whence.tensor.Scope;
import dev.whence.tensor.Tensor;
import dev.whence.tensor.Tensors;
import dev.whence.trace.Examples;
import dev.whence.trace.Targets;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class RealTargetsTest {
  @Test
  void sampledTargetsAreStandardNormalAroundTheOutput() {
    int n = 20_000;
    try (Scope _ = Scope.open()) {
      Tensor zeros = Tensors.of(new double[n], n, 1, 1);
      Examples batch = new RealTargets(zeros, zeros, Tensors.range(DType.INT64, Device.CPU, n));
      double[] noise = batch.logLikelihoodGradient(zeros, new Targets.Sampled(1, 0)).toDoubles();
      assertThat(Arrays.stream(noise).average().orElseThrow()).isCloseTo(0, within(0.03));
      assertThat(Arrays.stream(noise).map(x -> x * x).average().orElseThrow())
          .isCloseTo(1, within(0.05));
      assertThat(Arrays.stream(noise).map(x -> x * x * x * x).average().orElseThrow())
          .as("a Gaussian's")
          .isCloseTo(3, within(0.3));
      double[] alone =
          batch
              .narrow(7, 1)
              .logLikelihoodGradient(zeros.narrow(0, 7, 1), new Targets.Sampled(1, 0))
              .toDoubles();
      assertThat(alone).containsExactly(noise[7]);
      assertThat(batch.logLikelihoodGradient(zeros, new Targets.Sampled(2, 0)).toDoubles()[7])
          .isNotEqualTo(noise[7]);
    }
  }

  @Test
  void gradientIsTheSlopeOfTheLogLikelihood() {
    try (Scope _ = Scope.open()) {
      Tensor inputs = Tensors.of(new double[2], 2, 1, 1);
      Tensor targets = Tensors.of(new double[] {1, 2, 3, 4}, 2, 1, 2);
      Tensor outputs = Tensors.of(new double[] {0, 2, 5, 3}, 2, 1, 2);
      Examples batch = new RealTargets(inputs, targets, Tensors.of(new long[] {0, 1}, 2));
      assertThat(batch.logLikelihoodGradient(outputs, new Targets.Given()).toDoubles())
          .containsExactly(1, 0, -2, 1);
      assertThat(batch.logProbabilities(outputs).toDoubles()).containsExactly(-0.5, -2.5);
    }
  }
}
