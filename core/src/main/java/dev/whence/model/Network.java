package dev.whence.model;

import dev.whence.tensor.Tensor;

/** The function that an architecture computes. */
@FunctionalInterface
interface Network {
  /**
   * Next-token scores.
   *
   * @param tokens [batch, positions], int64
   * @return logits, [batch, positions, vocabulary]
   */
  Tensor logits(Tensor tokens, Tap tap);
}
