package dev.whence.fit;

/** In which order a sequence's gradient is rotated into the eigenbases: a matter of cost alone. */
enum LambdaRoute {
  /** Rotate inputs and output gradients at each position, then sum their outer products. */
  ROTATE_POSITIONS,
  /** Sum the outer products, then rotate the sum. */
  ROTATE_GRADIENTS;

  /**
   * The route with fewer multiply-adds for one sequence of {@code positions} at a layer [out, in].
   */
  static LambdaRoute cheapest(long positions, long out, long in) {
    long rotatePositions = positions * (in * in + out * out);
    long rotateGradients = out * in * (in + out);
    return rotatePositions < rotateGradients ? ROTATE_POSITIONS : ROTATE_GRADIENTS;
  }
}
