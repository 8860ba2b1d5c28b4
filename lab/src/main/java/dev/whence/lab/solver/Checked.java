package dev.whence.lab.solver;

import dev.whence.tensor.Scope;
import java.util.ArrayList;
import java.util.List;

/**
 * Measures the residuals of a solver: the norm of {@code (G + lambda) x - v}, relative to that of
 * {@code v}. It is 0 for the exact inverse and 1 for {@code x = 0}.
 */
public final class Checked implements InverseSolver {
  private final InverseSolver solver;
  private final CurvatureOperator curvature;
  private final List<Double> residuals = new ArrayList<>();
  private long nanos;

  /** Checks a solver's solutions against a curvature. */
  public Checked(InverseSolver solver, CurvatureOperator curvature) {
    this.solver = solver;
    this.curvature = curvature;
  }

  @Override
  public Weights solve(Weights gradient) {
    Weights solution = solver.solve(gradient);
    long start = System.nanoTime();
    double norm = gradient.norm();
    if (norm > 0) {
      try (Scope _ = Scope.open()) {
        Weights rest = curvature.times(solution);
        rest.add(gradient, -1);
        residuals.add(rest.norm() / norm);
      }
    }
    nanos += System.nanoTime() - start;
    return solution;
  }

  /** The mean residual over the solutions so far; 0 if there were none. */
  public double residual() {
    return residuals.stream().mapToDouble(r -> r).average().orElse(0);
  }

  /** The time that computing the residuals took. */
  public double seconds() {
    return nanos / 1e9;
  }
}
