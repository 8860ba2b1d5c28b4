package dev.whence.model;

import dev.whence.tensor.DType;
import dev.whence.tensor.Device;
import dev.whence.tensor.Tensor;
import dev.whence.tensor.Tensors;

/**
 * What is added to attention's scores so that a position sees itself and those before it, perhaps
 * only the nearest: zero where it sees, minus infinity where it does not.
 */
final class CausalMask {
  /** A window that reaches back to the beginning. */
  static final int UNLIMITED = Integer.MAX_VALUE;

  private final PositionTable table;

  /**
   * A mask.
   *
   * @param table of what {@link #table} makes; whoever made it closes it
   */
  CausalMask(PositionTable table) {
    this.table = table;
  }

  /**
   * The mask for a number of positions: [positions, positions].
   *
   * @param window how many positions are seen, this one included
   */
  static Tensor table(int positions, int window, DType type, Device device) {
    Tensor ones = Tensors.ones(type, device, positions, positions);
    Tensor hidden = ones.upperTriangle(1);
    if (window < positions) {
      hidden = hidden.plus(ones.minus(ones.upperTriangle(1L - window)));
    }
    return Tensors.zeros(type, device, positions, positions)
        .maskedFill(hidden.to(DType.BOOL), Double.NEGATIVE_INFINITY);
  }

  /** The mask of the first positions: [positions, positions]. */
  Tensor first(int positions) {
    return table.first(positions).narrow(1, 0, positions);
  }
}
