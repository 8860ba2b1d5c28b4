package dev.whence.lab.solver;

import dev.whence.tensor.Scope;

/**
 * Conjugate gradient with the whole data in each step, preconditioned by an approximation if one is
 * given: with EK-FAC it refines EK-FAC's answer towards the exact one, at the cost of a product in
 * each step.
 *
 * @param preconditioner a symmetric positive definite approximation of the inverse; the identity
 *     for none
 * @param tolerance of the residual's norm, relative to the gradient's
 */
public record ConjugateGradient(
    CurvatureOperator curvature, InverseSolver preconditioner, double tolerance, int steps)
    implements InverseSolver {
  /** Makes a solver without a preconditioner. */
  public ConjugateGradient(CurvatureOperator curvature, double tolerance, int steps) {
    this(curvature, Weights::copy, tolerance, steps);
  }

  @Override
  public Weights solve(Weights gradient) {
    Weights x = gradient.zeros();
    try (Scope _ = Scope.open()) {
      Weights residual = gradient.copy();
      Weights z = preconditioner.solve(residual);
      Weights direction = z.copy();
      double rz = residual.dot(z);
      double enough = tolerance * gradient.norm();
      for (int step = 0; step < steps && residual.norm() > enough; step++) {
        try (Scope _ = Scope.open()) {
          Weights product = curvature.times(direction);
          double alpha = rz / direction.dot(product);
          x.add(direction, alpha);
          residual.add(product, -alpha);
          Weights next = preconditioner.solve(residual);
          double nextRz = residual.dot(next);
          direction.timesInPlace(nextRz / rz);
          direction.add(next, 1);
          rz = nextRz;
        }
      }
    }
    return x;
  }
}
