package dev.whence.lab.solver;

/** A way to {@code (G + lambda)^-1 v}, exact or not. */
@FunctionalInterface
public interface InverseSolver {
  /**
   * Solves for one gradient.
   *
   * @return belongs to the caller's scope
   */
  Weights solve(Weights gradient);
}
