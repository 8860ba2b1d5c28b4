package dev.whence.benchmarks;

/**
 * The fewest operations known for each phase (METHOD section 4), in GFLOP: two for a multiply-add.
 * Attention's products are left out, so the rates are slightly low rather than high.
 */
record LeastWork(Shapes shapes) {
  /** Forward, and backward down to the first tracked layer's output, of one sequence. */
  double trace() {
    double w = shapes.width();
    double block = 4 * w * w + 2 * w * shapes.inner();
    double head = w * shapes.vocabulary();
    double forward = shapes.layers() * block + head;
    double backward = head + (shapes.layers() - 1) * block + w * shapes.inner();
    return gflop(shapes.positions() * (forward + backward));
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
