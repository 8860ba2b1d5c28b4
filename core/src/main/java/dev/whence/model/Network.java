package dev.whence.model;

import dev.whence.tensor.Tensor;

/** The function that an architecture computes. */
interface Network {
  /**
   * What the head reads.
   *
   * @param tokens [batch, positions], int64
   * @return [batch, positions, width]
   */
  Tensor hidden(Tensor tokens, Tap tap);

  /** The layer that makes logits of it. */
  Linear head();

  /**
   * Next-token scores.
   *
   * @param tokens [batch, positions], int64
   * @return logits, [batch, positions, vocabulary]
   */
  default Tensor logits(Tensor tokens, Tap tap) {
    return head().apply(hidden(tokens, tap), tap);
  }
}
