package dev.whence.benchmarks;

/** The parts of a job that are timed apart. */
enum Phase {
  COVARIANCE("covariance pass, a sequence"),
  EIGENDECOMPOSITION("eigendecomposition"),
  LAMBDA("Lambda pass, a sequence"),
  PRECONDITION("preconditioning, a query"),
  SCAN("scan, a sequence");

  final String label;

  Phase(String label) {
    this.label = label;
  }
}
