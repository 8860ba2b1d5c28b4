package dev.whence.lab.solver;

import dev.whence.lab.data.ExampleSet;
import dev.whence.model.Linear;
import dev.whence.tensor.Scope;
import dev.whence.tensor.Tensor;
import dev.whence.tensor.Tensors;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * LiSSA (Agarwal, Bullins and Hazan 2017; Koh and Liang 2017): the Neumann series of the inverse,
 * with a batch drawn afresh for each term, {@code r <- v + r - scale (G_batch + lambda) r}.
 *
 * <p>The scale is {@code 1 / (2 sigma)}, where sigma is the largest eigenvalue of {@code G +
 * lambda} by power iteration over all data: a batch's largest eigenvalue may exceed sigma, for
 * which the half leaves room. The series sums to a vector no longer than {@code |v| / (scale
 * lambda)}; a longer sum means that it diverges, and it starts again with half the scale.
 *
 * @param largestEigenvalue sigma
 * @param data that batches are drawn from, with replacement
 * @param steps terms of the series
 * @param batch examples a term
 */
public record Lissa(
    GaussNewton curvature,
    ExampleSet data,
    double largestEigenvalue,
    int steps,
    int batch,
    long seed)
    implements InverseSolver {
  private static final int POWER_STEPS = 10;
  private static final int MOST_HALVINGS = 20;

  /** Makes a solver whose sigma is {@link #largestEigenvalue(GaussNewton, Weights)}. */
  public static Lissa of(GaussNewton curvature, ExampleSet data, int steps, int batch, long seed) {
    try (Scope _ = Scope.open()) {
      List<Tensor> start = new ArrayList<>();
      Random random = new Random(seed);
      for (Linear layer : curvature.layers()) {
        double[] values = random.doubles(layer.shape().elements(), -1, 1).toArray();
        start.add(
            Tensors.of(values, layer.outputs(), layer.inputs())
                .to(curvature.model().type())
                .to(curvature.model().device()));
      }
      double sigma = largestEigenvalue(curvature, new Weights(start));
      return new Lissa(curvature, data, sigma, steps, batch, seed);
    }
  }

  @Override
  public Weights solve(Weights gradient) {
    if (gradient.norm() == 0) {
      return gradient.zeros();
    }
    double scale = 0.5 / largestEigenvalue;
    for (int halving = 0; halving <= MOST_HALVINGS; halving++, scale /= 2) {
      Weights sum = gradient.copy();
      if (run(sum, gradient, scale)) {
        return sum.times(scale);
      }
      sum.close();
    }
    throw new ArithmeticException(
        "LiSSA diverges, even with a scale of " + scale + "; give more damping");
  }

  /** Whether the series stayed within its bound. */
  private boolean run(Weights sum, Weights gradient, double scale) {
    Random random = new Random(seed);
    double bound = gradient.norm() / (scale * curvature.damping());
    for (int step = 0; step < steps; step++) {
      try (Scope _ = Scope.open()) {
        Weights product = curvature.times(data.at(data.draw(batch, random)), sum);
        sum.add(product, -scale);
        sum.add(gradient, 1);
        double norm = sum.norm();
        if (!(norm <= bound)) {
          return false;
        }
      }
    }
    return true;
  }

  /** Estimates the largest eigenvalue of {@code G + lambda} from below, by power iteration. */
  static double largestEigenvalue(GaussNewton curvature, Weights start) {
    try (Scope _ = Scope.open()) {
      Weights v = start.times(1 / start.norm());
      double value = 0;
      for (int step = 0; step < POWER_STEPS; step++) {
        Weights next = curvature.times(v);
        value = next.norm();
        v = next.times(1 / value);
      }
      return value;
    }
  }
}
