package dev.whence.curvature;

/** In which order a sequence's gradient is rotated into the eigenbases: a matter of cost alone. */
public enum RotationRoute {
  /** Rotate inputs and output gradients at each position, then sum their outer products. */
  POSITIONS,
  /** Sum the outer products, then rotate the sum. */
  GRADIENTS;

  /** Multiply-adds for one sequence of {@code positions} at a layer [out, in]. */
  public long cost(long positions, long out, long in) {
    long product = positions * out * in;
    return switch (this) {
      case POSITIONS -> product + positions * (in * in + out * out);
      case GRADIENTS -> product + out * in * (in + out);
    };
  }

  /** The cheaper route. */
  public static RotationRoute cheapest(long positions, long out, long in) {
    return POSITIONS.cost(positions, out, in) < GRADIENTS.cost(positions, out, in)
        ? POSITIONS
        : GRADIENTS;
  }
}
