package dev.whence.curvature;

import dev.whence.InvalidInputException;
import dev.whence.tensor.Eigen;

/**
 * A dimension cut into consecutive blocks of nearly equal size, for block-diagonal factors (the
 * paper's appendix A).
 *
 * @param size of the whole dimension
 * @param count how many blocks
 */
public record Blocks(int size, int count) {
  public Blocks {
    if (count < 1 || count > size) {
      throw new InvalidInputException(
          "--blocks is " + count + " but must be from 1 to the layer's width of " + size);
    }
  }

  /**
   * Looks whether the blocks can be decomposed.
   *
   * @throws InvalidInputException with the remedy, when they are too large
   */
  public Blocks requireDecomposable() {
    if (Math.ceilDiv(size, count) > Eigen.MOST_ROWS) {
      throw new InvalidInputException(
          "--blocks is %d, which leaves a layer %,d wide blocks of more than %,d, and larger ones cannot be decomposed; give --blocks %d or more"
              .formatted(count, size, Eigen.MOST_ROWS, Math.ceilDiv(size, Eigen.MOST_ROWS)));
    }
    return this;
  }

  /** Where block {@code b} begins; {@code start(count)} is the end. */
  public int start(int b) {
    return (int) ((long) size * b / count);
  }

  public int length(int b) {
    return start(b + 1) - start(b);
  }

  /** Numbers of all blocks' square matrices. */
  public long elements() {
    long sum = 0;
    for (int b = 0; b < count; b++) {
      sum += (long) length(b) * length(b);
    }
    return sum;
  }
}
