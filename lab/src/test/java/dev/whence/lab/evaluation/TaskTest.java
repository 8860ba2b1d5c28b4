package dev.whence.lab.evaluation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.whence.curvature.CurvatureKind;
import dev.whence.fit.MemoryFit;
import dev.whence.lab.data.Dataset;
import dev.whence.lab.model.Perceptron;
import dev.whence.lab.model.Perceptron.Nonlinearity;
import dev.whence.lab.solver.GaussNewton;
import dev.whence.lab.solver.Weights;
import dev.whence.tensor.DType;
import dev.whence.tensor.Scope;
import dev.whence.tensor.Tensor;
import java.util.EnumSet;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class TaskTest {
  private static final long SEED = 2;

  /** The mean of the sampled Fisher over all draws is the Gauss-Newton Hessian. */
  @Test
  void moreDrawsComeNearerToTheGaussNewtonHessiansDiagonal() {
    Random random = new Random(SEED);
    float[] features = new float[20 * 3];
    for (int i = 0; i < features.length; i++) {
      features[i] = (float) random.nextGaussian();
    }
    try (Scope _ = Scope.open();
        Dataset data = Dataset.classes(features, random.longs(20, 0, 4).toArray(), DType.FLOAT64);
        Perceptron model = new Perceptron(List.of(3, 4), Nonlinearity.TANH, SEED, DType.FLOAT64)) {
      Tensor exact = diagonal(model, data);
      double once = error(model, data, 1, exact);
      double often = error(model, data, 400, exact);
      assertThat(often).as("400 draws, where one gives %f", once).isLessThan(once / 4);
      assertThat(often).isLessThan(0.05);
    }
  }

  private static double error(Perceptron model, Dataset data, int draws, Tensor exact) {
    Task task = new Task("test", model, model.linears(), data, data, 7, draws);
    try (MemoryFit fit = task.fit(EnumSet.of(CurvatureKind.DIAGONAL), SEED)) {
      Tensor fitted = fit.layers().getFirst().diagonal().orElseThrow();
      return fitted.minus(exact).norm().item() / exact.norm().item();
    }
  }

  /** The Gauss-Newton Hessian's diagonal, by a product with each unit vector. */
  private static Tensor diagonal(Perceptron model, Dataset data) {
    GaussNewton curvature = new GaussNewton(model, model.linears(), data.pass(20), 0);
    Weights unit = new Weights(List.of(model.linears().getFirst().matrix())).zeros();
    Tensor entries = unit.parts().getFirst().reshape(-1);
    Tensor diagonal = entries.copy();
    for (long e = 0; e < entries.elements(); e++) {
      entries.narrow(0, e, 1).fillInPlace(1);
      Tensor column = curvature.times(unit).parts().getFirst().reshape(-1);
      diagonal.narrow(0, e, 1).copyInPlace(column.narrow(0, e, 1));
      entries.narrow(0, e, 1).fillInPlace(0);
    }
    return diagonal.reshape(unit.parts().getFirst().shape());
  }
}
