package dev.whence.model;

import dev.whence.tensor.Tensor;

/** Sees what passes through a model during a forward pass. */
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

  /**
   * Called once, with the tokens' embeddings.
   *
   * @param embeddings [batch, positions, width], before positions are added to them
   * @return what the model goes on with: {@code embeddings}, or a tensor of equal value
   */
  default Tensor embedded(Tensor embeddings) {
    return embeddings;
  }
}
