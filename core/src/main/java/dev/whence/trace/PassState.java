package dev.whence.trace;

import dev.whence.tensor.Tensor;
import java.util.Map;

/** What a pass sums up, in a form that a checkpoint can save and restore. */
public interface PassState extends AutoCloseable {
  void add(Trace trace, Examples batch);

  /**
   * Looks for numbers that are not finite, so that a pass ends soon after they arise.
   *
   * @throws ArithmeticException naming the layer where they do
   */
  void requireFinite();

  /** The sums themselves, by name; restoring writes into them. */
  Map<String, Tensor> tensors();

  Map<String, Long> counts();

  void restoreCounts(Map<String, Long> counts);

  @Override
  void close();
}
