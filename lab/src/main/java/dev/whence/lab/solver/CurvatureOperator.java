package dev.whence.lab.solver;

/** A damped curvature that can be multiplied with. */
@FunctionalInterface
public interface CurvatureOperator {
  /** {@code (G + lambda) v}; belongs to the caller's scope. */
  Weights times(Weights v);
}
