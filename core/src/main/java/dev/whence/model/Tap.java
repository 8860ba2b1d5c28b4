package dev.whence.model;

import dev.whence.tensor.Tensor;

/** Sees the input and the output of every linear layer during a forward pass. */
@FunctionalInterface
public interface Tap {
  /** Looks at nothing. */
  Tap NONE = (_, _, output) -> output;

  /**
   * Called for each use of a layer, in forward order. Layers that read the same value get the same
   * {@code input} object.
   *
   * @param input [batch, positions, in]
   * @param output [batch, positions, out]
   * @return what the model goes on with: {@code output}, or a tensor of equal value
   */
  Tensor observe(Linear layer, Tensor input, Tensor output);
}
