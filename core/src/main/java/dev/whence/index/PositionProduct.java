package dev.whence.index;

import java.lang.foreign.MemorySegment;

/** A query's position, ready to be multiplied with many indexed ones. */
sealed interface PositionProduct permits TableProduct, SignProduct {
  /**
   * The product with an indexed position, without that one's scale: the product of the two sides'
   * products.
   *
   * @param at where in {@code records} the position's record begins
   */
  float with(MemorySegment records, long at);
}
