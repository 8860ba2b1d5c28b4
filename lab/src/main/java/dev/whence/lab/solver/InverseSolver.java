package dev.whence.lab.solver;

/** Computes {@code (G + lambda)^-1 v}, exactly or approximately. */
@FunctionalInterface
public interface InverseSolver {
  /**
   * Solves for one gradient.
   *
   * @return belongs to the caller's scope
   */
  Weights solve(Weights gradient);
}
