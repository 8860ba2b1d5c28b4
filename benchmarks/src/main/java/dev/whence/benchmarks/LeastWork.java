package dev.whence.benchmarks;

/**
 * The fewest operations known for each phase (METHOD section 4), in GFLOP: two for a multiply-add.
 * Attention's products are left out, so the rates are slightly low rather than high.
 */
record LeastWork(Shapes shapes) {
  /** One sequence, forward. */
  double forward() {
    return gflop(shapes.positions() * (shapes.layers() * block() + head()));
  }

  /** Forward, and backward down to the first tracked layer's output, of one sequence. */
  double trace() {
    double backward = head() + (shapes.layers() - 1) * block() + matrix();
    return forward() + gflop(shapes.positions() * backward);
  }

  private double block() {
    double w = shapes.width();
    return 4 * w * w + 2 * matrix();
  }

  private double head() {
    return (double) shapes.width() * shapes.vocabulary();
  }

  /** The gradients of one sequence. */
  double gradients() {
    return gflop(mlps() * outer());
  }

  /** One sequence of the covariance pass: symmetric blocks need half a product. */
  double covariance() {
    return trace() + gflop(mlps() * shapes.positions() * squares() / 2);
  }

  /** One sequence of the Lambda pass, by positions or by gradients. */
  double lambda() {
    return trace() + gflop(mlps() * (outer() + rotation()));
  }

  /** One query: its gradient rotated, divided and rotated back, or cut to a rank in between. */
  double precondition(int rank) {
    double back =
        rank == 0
            ? matrix() * (shapes.width() + shapes.inner())
            : rank * (squares() + 6.0 * matrix());
    return trace() + gflop(mlps() * (outer() + rotation() + back));
  }

  /** One sequence of a scan, by the gradients' route, the products formed beforehand. */
  double scan(int queries) {
    return trace() + gflop(mlps() * (outer() + queries * matrix()));
  }

  private double rotation() {
    return Math.min(shapes.positions() * squares(), matrix() * (shapes.width() + shapes.inner()));
  }

  private double outer() {
    return shapes.positions() * matrix();
  }

  private double matrix() {
    return (double) shapes.width() * shapes.inner();
  }

  private double squares() {
    return (double) shapes.width() * shapes.width() + (double) shapes.inner() * shapes.inner();
  }

  private double mlps() {
    return 2.0 * shapes.layers();
  }

  private static double gflop(double multiplyAdds) {
    return 2e-9 * multiplyAdds;
  }
}
