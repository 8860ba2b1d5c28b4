package dev.whence.budget;

import dev.whence.tensor.DType;
import java.util.List;

/**
 * What is taken before any factor or query: the program, the model and a batch on its way.
 *
 * @param tokens of a batch: those asked for, or fewer when memory is short
 * @param bytes an estimate from above
 */
public record BatchMemory(int tokens, long bytes) {
  /** The virtual machine, libtorch and their buffers. */
  public static final long PROGRAM_BYTES = 600L << 20;

  /**
   * The largest batch, up to what is asked for, that leaves half of the memory beside the model to
   * others; one sequence at least.
   *
   * @param tracked the layers whose gradients are formed
   * @param longest tokens of the longest sequence
   */
  public static BatchMemory within(
      MemoryBudget budget,
      ModelShape model,
      List<LayerShape> tracked,
      DType type,
      int batchTokens,
      int longest) {
    long fixed = PROGRAM_BYTES + model.bytes(type);
    for (int tokens = batchTokens; ; tokens = Math.max(longest, tokens / 2)) {
      long workspace =
          model.traceBytes(Math.max(tokens, longest), longest, type)
              + ModelShape.gradientBytes(tracked, Math.max(1, tokens / longest), type);
      if (tokens <= longest || workspace <= (budget.bytes() - fixed) / 2) {
        return new BatchMemory(tokens, fixed + workspace);
      }
    }
  }
}
