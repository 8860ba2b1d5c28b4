package dev.whence.index;

import dev.whence.tensor.Tensor;
import dev.whence.trace.Trace;

/** What an index keeps of each position. */
sealed interface PositionNumbers extends AutoCloseable permits Projections, WholeTrace {
  /** The numbers of each position, [batch, positions, count]; zero at padding. */
  Tensor of(Trace trace);

  @Override
  void close();
}
