package dev.whence.lab.solver;

import dev.whence.tensor.Scope;
import java.util.ArrayList;
import java.util.List;

/**
 * A solver whose answers are looked at: how large {@code (G + lambda) x - v} is, by {@code v}. It
 * is 0 for the exact inverse, and what an iteration has left of 1 where it stopped.
 */
public final class Checked implements InverseSolver {
  private final InverseSolver solver;
  private final CurvatureOperator curvature;
  private final List<Double> residuals = new ArrayList<>();
  private long nanos;

  /** Looks at another solver's answers. */
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

  /** The mean over the answers so far; 0 if there were none. */
  public double residual() {
    return residuals.stream().mapToDouble(r -> r).average().orElse(0);
  }

  /** What looking took. */
  public double seconds() {
    return nanos / 1e9;
  }
}
