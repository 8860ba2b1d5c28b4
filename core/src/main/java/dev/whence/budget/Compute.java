package dev.whence.budget;

import dev.whence.InvalidInputException;
import dev.whence.tensor.DType;
import dev.whence.tensor.Device;
import io.soabase.recordbuilder.core.RecordBuilder;

/**
 * How work is computed, apart from what is asked: it decides time and memory, and no result beyond
 * rounding.
 *
 * @param batchTokens tokens of a batch, padding included
 * @param type the precision of the forward and backward passes; sums are in float32 or better
 * @param device where the model is
 * @param memory how much may be held at a time; what does not fit is taken in turn
 * @param checkpointSeconds how often progress is saved
 */
@RecordBuilder
public record Compute(
    int batchTokens, DType type, Device device, MemoryBudget memory, int checkpointSeconds)
    implements ComputeBuilder.With {
  /** Batches of 4,096 tokens in float32 on the CPU, within three quarters of the memory. */
  public static final Compute DEFAULT =
      new Compute(4096, DType.FLOAT32, Device.CPU, MemoryBudget.ofMachine(), 60);

  public Compute {
    if (batchTokens < 1) {
      throw new InvalidInputException(
          "--batch-tokens is " + batchTokens + " but must be at least 1");
    }
    if (!type.isFloatingPoint()) {
      throw new InvalidInputException(
          "--dtype is " + type + " but must be float32, float64, bfloat16 or float16");
    }
  }
}
