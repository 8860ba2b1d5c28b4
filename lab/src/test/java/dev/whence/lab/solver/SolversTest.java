package dev.whence.lab.solver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.whence.InvalidInputException;
import dev.whence.Progress;
import dev.whence.budget.MemoryBudget;
import dev.whence.lab.data.Dataset;
import dev.whence.lab.model.Perceptron;
import dev.whence.lab.model.Perceptron.Nonlinearity;
import dev.whence.tensor.Cholesky;
import dev.whence.tensor.DType;
import dev.whence.tensor.Scope;
import dev.whence.tensor.Tensor;
import dev.whence.tensor.Tensors;
import dev.whence.trace.Linearization;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Compares with the dense matrix formed by a product for each column, in float64. */
class SolversTest {
  private static final long SEED = 11;
  private static final double DAMPING = 0.05;
  private static final MemoryBudget MEMORY = new MemoryBudget(1L << 30);

  private static Dataset data(boolean classes, int count) {
    Random random = new Random(SEED);
    if (classes) {
      float[] features = new float[count * 3];
      for (int i = 0; i < features.length; i++) {
        features[i] = (float) random.nextGaussian();
      }
      return Dataset.classes(features, random.longs(count, 0, 4).toArray(), DType.FLOAT64);
    }
    return Dataset.reals(
        random.doubles(count * 3L, -2, 2).toArray(),
        random.doubles(count, -1, 1).toArray(),
        DType.FLOAT64);
  }

  private static Perceptron model(boolean classes) {
    return new Perceptron(List.of(3, 5, classes ? 4 : 1), Nonlinearity.TANH, SEED, DType.FLOAT64);
  }

  private static Weights random(Perceptron model, Random random) {
    return new Weights(
        model.linears().stream()
            .map(l ->
                Tensors.of(
                    random.doubles((long) l.outputs() * l.inputs(), -1, 1).toArray(),
                    l.outputs(),
                    l.inputs()))
            .toList());
  }

  private static Tensor flat(Weights weights) {
    return Tensors.cat(weights.parts().stream().map(t -> t.reshape(-1)).toList(), 0);
  }

  /** {@code (G + lambda)^-1 v} by a dense matrix whose columns are products with unit vectors. */
  private static Tensor exact(GaussNewton curvature, Weights v) {
    List<Tensor> columns = new ArrayList<>();
    for (int part = 0; part < v.parts().size(); part++) {
      for (long e = 0; e < v.parts().get(part).elements(); e++) {
        Weights unit = v.zeros();
        unit.parts().get(part).reshape(-1).narrow(0, e, 1).fillInPlace(1);
        columns.add(flat(curvature.times(unit)));
      }
    }
    Tensor matrix = Tensors.stack(columns, 1);
    return Cholesky.of(matrix).solve(flat(v).unsqueeze(1)).select(1, 0);
  }

  private static double error(Weights solution, Tensor exact) {
    return flat(solution).minus(exact).norm().item() / exact.norm().item();
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void allExactSolversGiveTheDenseMatrixsAnswer(boolean classes) {
    for (int count : new int[] {4, 60}) { // fewer rows than weights, and more
      try (Scope _ = Scope.open();
          Perceptron model = model(classes);
          Dataset data = data(classes, count)) {
        GaussNewton curvature = new GaussNewton(model, model.linears(), data.pass(7), DAMPING);
        Weights v = random(model, new Random(SEED));
        Tensor exact = exact(curvature, v);
        try (DenseInverse dense = DenseInverse.of(curvature, 2)) {
          assertThat(error(dense.solve(v), exact)).as("dense, %d", count).isLessThan(1e-10);
        }
        try (KernelInverse kernel = KernelInverse.of(curvature, 2)) {
          assertThat(error(kernel.solve(v), exact)).as("kernel, %d", count).isLessThan(1e-10);
        }
        try (ExactInverse smaller = ExactInverse.of(curvature, MEMORY, Progress.NONE)) {
          assertThat(smaller).isInstanceOf(count < 60 ? KernelInverse.class : DenseInverse.class);
        }
        assertThat(error(new ConjugateGradient(curvature, 1e-12, 200).solve(v), exact))
            .as("CG, %d", count)
            .isLessThan(1e-9);
      }
    }
  }

  @Test
  void productsWithTheGaussNewtonAreThoseOfTheDenseJacobian() {
    try (Scope _ = Scope.open();
        Perceptron model = model(false);
        Dataset data = data(false, 20)) {
      GaussNewton curvature = new GaussNewton(model, model.linears(), data.pass(6), DAMPING);
      Weights v = random(model, new Random(SEED));
      Tensor first = // [6, weights]
          Tensors.cat(
              Linearization.of(model, model.linears(), data.at(0, 1, 2, 3, 4, 5))
                  .jacobian()
                  .stream()
                  .map(layer -> layer.dense().reshape(6, -1))
                  .toList(),
              1);
      Tensor byHand = // of the first batch, squared error
          first
              .t()
              .matmul(first.matmul(flat(v).unsqueeze(1)))
              .select(1, 0)
              .over(6.0)
              .plus(flat(v).times(DAMPING));
      assertThat(error(curvature.times(data.at(0, 1, 2, 3, 4, 5), v), byHand)).isLessThan(1e-12);
    }
  }

  @Test
  void lissaComesCloseAndMoreStepsComeCloser() {
    try (Scope _ = Scope.open();
        Perceptron model = model(false);
        Dataset data = data(false, 60)) {
      GaussNewton curvature = new GaussNewton(model, model.linears(), data.pass(60), DAMPING);
      Weights v = random(model, new Random(SEED));
      Tensor exact = exact(curvature, v);
      double few = error(Lissa.of(curvature, data, 20, 30, SEED).solve(v), exact);
      double many = error(Lissa.of(curvature, data, 1000, 30, SEED).solve(v), exact);
      assertThat(many).as("1000 steps, where 20 give %f", few).isLessThan(0.2).isLessThan(few / 2);
    }
  }

  @Test
  void lissaShrinksItsScaleWhereSingleExamplesHaveLargeCurvature() {
    double[] features = new double[3 * 40];
    double[] targets = new double[40];
    features[0] = 60; // one example in forty outweighs the mean by far
    features[3] = 0.1;
    try (Scope _ = Scope.open();
        Perceptron model = new Perceptron(List.of(3, 1), Nonlinearity.TANH, SEED, DType.FLOAT64);
        Dataset data = Dataset.reals(features, targets, DType.FLOAT64)) {
      GaussNewton curvature = new GaussNewton(model, model.linears(), data.pass(40), 1);
      Weights v = random(model, new Random(SEED));
      Weights solution = Lissa.of(curvature, data, 500, 1, SEED).solve(v);
      assertThat(solution.norm()).isFinite().isLessThan(v.norm());
      assertThat(solution.norm()).isGreaterThan(0);
    }
  }

  @Test
  void lissaThatCannotConvergeSaysSo() {
    try (Scope _ = Scope.open();
        Perceptron model = model(false);
        Dataset data = data(false, 10)) {
      Weights v = random(model, new Random(SEED));
      GaussNewton broken = new GaussNewton(model, model.linears(), data.pass(10), Double.NaN);
      assertThatThrownBy(() -> Lissa.of(broken, data, 10, 4, SEED).solve(v))
          .isInstanceOf(ArithmeticException.class)
          .hasMessageContaining("diverges");
    }
  }

  /** With the inverse itself as preconditioner one step suffices; without one it does not. */
  @Test
  void preconditionerChangesTheStepsNotTheAnswer() {
    try (Scope _ = Scope.open();
        Perceptron model = model(true);
        Dataset data = data(true, 40);
        DenseInverse dense =
            DenseInverse.of(new GaussNewton(model, model.linears(), data.pass(40), DAMPING), 16)) {
      GaussNewton curvature = new GaussNewton(model, model.linears(), data.pass(40), DAMPING);
      Weights v = random(model, new Random(SEED));
      Tensor exact = exact(curvature, v);
      assertThat(error(new ConjugateGradient(curvature, dense, 1e-12, 1).solve(v), exact))
          .isLessThan(1e-9);
      assertThat(error(new ConjugateGradient(curvature, 1e-12, 1).solve(v), exact))
          .isGreaterThan(1e-2);
    }
  }

  @Test
  void zeroGradientNeedsNoSteps() {
    try (Scope _ = Scope.open();
        Perceptron model = model(true);
        Dataset data = data(true, 8)) {
      GaussNewton curvature = new GaussNewton(model, model.linears(), data.pass(8), DAMPING);
      Weights zero = random(model, new Random(SEED)).zeros();
      assertThat(new ConjugateGradient(curvature, 1e-12, 5).solve(zero).norm()).isZero();
    }
  }

  @Test
  void matrixThatWouldNotFitIsRefusedBeforeItIsFormed() {
    try (Scope _ = Scope.open();
        Perceptron model = model(false);
        Dataset data = data(false, 8)) {
      GaussNewton curvature = new GaussNewton(model, model.linears(), data.pass(8), DAMPING);
      assertThatThrownBy(() -> ExactInverse.of(curvature, new MemoryBudget(1000), Progress.NONE))
          .isInstanceOf(InvalidInputException.class)
          .hasMessageContaining("take fewer examples");
    }
  }
}
