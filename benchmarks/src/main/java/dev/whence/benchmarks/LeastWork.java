package dev.whence.benchmarks;

/**
 * The fewest operations known for each phase (METHOD section 4), in GFLOP: two for a multiply-add.
 * Attention's products are left out, so the rates are slightly low rather than high.
 *
 * @param blocks of each covariance
 */
record LeastWork(Shapes shapes, int blocks) {
  /** With whole covariances. */
  LeastWork(Shapes shapes) {
    this(shapes, 1);
  }

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
    double keys = w * shapes.keyHeads() / shapes.heads();
    return 2 * w * w + 2 * w * keys + shapes.matrices() * matrix();
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
    double w = shapes.width();
    double inner = shapes.inner();
    // S of each matrix; A of each input, which the two first of a gated MLP share.
    double outputs = (shapes.matrices() - 1) * inner * inner + w * w;
    double inputs = w * w + inner * inner;
    return trace() + gflop(shapes.layers() * shapes.positions() * (outputs + inputs) / 2 / blocks);
  }

  /** One sequence of the Lambda pass, by positions or by gradients. */
  double lambda() {
    return trace() + gflop(mlps() * (outer() + rotation()));
  }

  /** One query: its gradient rotated, divided and rotated back, or cut to a rank in between. */
  double precondition(int rank) {
    double back =
        rank == 0
            ? matrix() * (shapes.width() + shapes.inner()) / blocks
            : rank * (squares() + 6.0 * matrix());
    return trace() + gflop(mlps() * (outer() + rotation() + back));
  }

  /** One sequence of a scan, by the gradients' route, the products formed beforehand. */
  double scan(int queries) {
    return trace() + gflop(mlps() * (outer() + queries * matrix()));
  }

  private double rotation() {
    return Math.min(
        shapes.positions() * squares(), matrix() * (shapes.width() + shapes.inner()) / blocks);
  }

  private double outer() {
    return shapes.positions() * matrix();
  }

  private double matrix() {
    return (double) shapes.width() * shapes.inner();
  }

  private double squares() {
    double w = shapes.width();
    double inner = shapes.inner();
    return (w * w + inner * inner) / blocks;
  }

  private double mlps() {
    return (double) shapes.matrices() * shapes.layers();
  }

  private static double gflop(double multiplyAdds) {
    return 2e-9 * multiplyAdds;
  }
}
