package dev.whence.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.Random;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class AutogradTest {
  private static final long SEED = 11;
  private static final double STEP = 1e-5;

  /** Functions of x [2, 4] that models are made of. */
  static Stream<Arguments> functions() {
    return Stream.of(
        function("silu", Functions::silu),
        function("gelu", Functions::gelu),
        function("gelu by tanh", Functions::geluTanh),
        function("tanh", Functions::tanh),
        function("relu", Functions::relu),
        function("softmax", Functions::softmax),
        function("log softmax", Functions::logSoftmax),
        function("linear", x -> Functions.linear(x, random(1, 3, 4))),
        function("linear with bias", x -> Functions.linear(x, random(1, 3, 4), random(2, 3))),
        function("linear's weight", x -> Functions.linear(random(1, 3, 4), x)),
        function("layer norm", x -> Functions.layerNorm(x, random(1, 4), random(2, 4), 1e-5)),
        function("matmul", x -> x.matmul(random(1, 4, 3))),
        function("bmm", x -> x.unsqueeze(0).bmm(random(1, 1, 4, 3))),
        function("slices", x -> x.narrow(1, 1, 2).plus(x.select(1, 0).unsqueeze(1))),
        function("cat", x -> Tensors.cat(List.of(x.negate(), x.times(x)), 1)),
        function("stack", x -> Tensors.stack(List.of(x, x.square()), 0)),
        function("quotient", x -> x.over(x.square().plus(1).sqrt())),
        function("a value used twice", x -> x.times(x).plus(x.exp())),
        function("log sum exp", x -> Functions.logSumExp(x, 1)));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("functions")
  void gradientIsTheSlopeOfTheFunction(String name, UnaryOperator<Tensor> function) {
    try (Scope _ = Scope.open()) {
      double[] at = random(SEED, 2, 4).toDoubles();
      Tensor x = Tensors.of(at, 2, 4).requireGradient();
      Tensor output = function.apply(x);
      Tensor weights = random(SEED + 1, output.shape());
      double[] gradient = Autograd.gradients(output, weights, List.of(x)).getFirst().toDoubles();
      assertThat(gradient).hasSize(8);
      for (int i = 0; i < at.length; i++) {
        double slope =
            (value(function, weights, moved(at, i, STEP))
                    - value(function, weights, moved(at, i, -STEP)))
                / (2 * STEP);
        assertThat(gradient[i])
            .as("%s, x[%d], seed %d", name, i, SEED)
            .isCloseTo(slope, within(1e-8));
      }
    }
  }

  @Test
  void eachInputGetsItsOwnGradientInOrder() {
    try (Scope _ = Scope.open()) {
      Tensor a = Tensors.of(new double[] {2}, 1).requireGradient();
      Tensor b = Tensors.of(new double[] {5}, 1).requireGradient();
      List<Tensor> gradients =
          Autograd.gradients(a.times(b).plus(b), Tensors.of(new double[] {10}, 1), List.of(b, a));
      assertThat(gradients).hasSize(2);
      assertThat(gradients.get(0).item()).isEqualTo(30);
      assertThat(gradients.get(1).item()).isEqualTo(50);
    }
  }

  @Test
  void gradientOfSomethingInTheMiddleStopsThere() {
    try (Scope _ = Scope.open()) {
      Tensor middle = Tensors.of(new double[] {3}, 1).square().detach().requireGradient();
      Tensor gradient =
          Autograd.gradients(middle.square(), Tensors.of(new double[] {1}, 1), List.of(middle))
              .getFirst();
      assertThat(gradient.item()).isEqualTo(18);
      assertThat(gradient.requiresGradient()).isFalse();
    }
  }

  @Test
  void unrecordedWorkHasNoGradientAndRecordingResumes() {
    try (Scope _ = Scope.open()) {
      Tensor leaf = Tensors.of(new double[] {3}, 1).requireGradient();
      Autograd.unrecorded(() -> {
        leaf.plusInPlace(Tensors.of(new double[] {1}, 1));
        assertThat(leaf.square().requiresGradient()).isFalse();
      });
      assertThat(leaf.item()).isEqualTo(4);
      assertThat(leaf.square().requiresGradient()).isTrue();
    }
  }

  @Test
  void recordingResumesAfterUnrecordedWorkFails() {
    try (Scope _ = Scope.open()) {
      Tensor leaf = Tensors.of(new double[] {3}, 1).requireGradient();
      assertThatThrownBy(() ->
              Autograd.unrecorded(() -> {
                throw new IllegalStateException("broken");
              }))
          .hasMessage("broken");
      assertThat(leaf.square().requiresGradient()).isTrue();
    }
  }

  private static double value(UnaryOperator<Tensor> function, Tensor weights, double... at) {
    return function.apply(Tensors.of(at, 2, 4)).times(weights).sum().item();
  }

  private static double[] moved(double[] at, int index, double step) {
    double[] moved = at.clone();
    moved[index] += step;
    return moved;
  }

  private static Tensor random(long seed, long... shape) {
    int elements = 1;
    for (long size : shape) {
      elements *= Math.toIntExact(size);
    }
    return Tensors.of(new Random(seed).doubles(elements, -2, 2).toArray(), shape);
  }

  private static Arguments function(String name, UnaryOperator<Tensor> function) {
    return Arguments.of(name, function);
  }
}
