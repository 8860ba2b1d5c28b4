package dev.whence.benchmarks;

/**
 * How much of each phase is done.
 *
 * @param fit sequences of each pass of the fit
 * @param queries preconditioned and scanned
 * @param scan sequences
 * @param rank of the queries; 0 keeps them whole
 */
record Job(int fit, int queries, int scan, int rank) {
  /** Units of a phase, by which its seconds are divided. */
  int units(Phase phase) {
    return switch (phase) {
      case COVARIANCE, LAMBDA -> fit;
      case EIGENDECOMPOSITION -> 1;
      case PRECONDITION -> queries;
      case SCAN -> scan;
    };
  }
}
