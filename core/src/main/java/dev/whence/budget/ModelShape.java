package dev.whence.budget;

import dev.whence.tensor.DType;
import java.util.List;

/**
 * The sizes of a model that decide what work on it costs; they can be given without the model.
 *
 * @param linears all linear layers, in the order of a forward pass
 * @param width of the residual stream
 * @param blocks transformer blocks
 * @param heads of attention in each block
 * @param headSize numbers of a head's queries at a position
 * @param parameters how many numbers the model holds
 */
public record ModelShape(
    List<LayerShape> linears,
    int width,
    int blocks,
    int heads,
    int headSize,
    int vocabulary,
    long parameters) {
  /** Gradients of a few sequences are formed at a time: at most this many numbers. */
  public static final long SLICE_ELEMENTS = 1L << 26;

  /** What each linear layer's input and output are kept as: value, gradient, a copy on the way. */
  private static final int COPIES = 2;

  /** The numbers of a block beside its linear layers, a position, in widths: norms and sums. */
  private static final int RESIDUAL_WIDTHS = 12;

  /** Logits, probabilities, their gradient, a copy on the way. */
  private static final int VOCABULARY_COPIES = 4;

  /** Scores before and after the mask and the softmax, and a gradient. */
  private static final int ATTENTION_COPIES = 4;

  /** Bytes of the parameters. */
  public long bytes(DType type) {
    return parameters * type.bytes();
  }

  /**
   * Bytes that a batch takes at most while it is traced: an estimate from above.
   *
   * @param tokens of the batch
   * @param longest its longest sequence
   */
  public long traceBytes(long tokens, int longest, DType type) {
    long perToken = (long) VOCABULARY_COPIES * vocabulary;
    for (LayerShape linear : linears) {
      perToken += (long) COPIES * (linear.inputs() + linear.outputs());
    }
    perToken += (long) blocks * (ATTENTION_COPIES * heads * longest + RESIDUAL_WIDTHS * width);
    return perToken * tokens * type.bytes();
  }

  /**
   * Bytes that the gradients of a batch's sequences take while they are formed and rotated.
   *
   * @param tracked the layers whose gradients are formed
   */
  public static long gradientBytes(List<LayerShape> tracked, long sequences, DType type) {
    long largest = tracked.stream().mapToLong(LayerShape::elements).max().orElse(0);
    long formed = Math.max(largest, Math.min(SLICE_ELEMENTS, sequences * largest));
    return 3 * formed * type.accumulator().bytes();
  }
}
