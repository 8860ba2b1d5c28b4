package dev.whence.cli;

import dev.whence.budget.Compute;
import dev.whence.tensor.DType;
import dev.whence.tensor.Device;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Where and in what portions the work is done. */
public final class ComputeOptions {
  @Option(
      names = "--batch-tokens",
      paramLabel = "N",
      defaultValue = "4096",
      description = "Tokens of a batch, padding included (default: 4096). Less needs less memory.")
  private int batchTokens;

  @Mixin private DeviceOption device = new DeviceOption();

  @Option(
      names = "--tf32",
      description =
          "Let a GPU multiply float32 matrices as TF32: faster, with three digits of each factor.")
  private boolean tf32;

  @Option(
      names = "--checkpoint-seconds",
      paramLabel = "N",
      defaultValue = "60",
      description = "How often progress is saved (default: 60).")
  private int checkpointSeconds;

  public int batchTokens() {
    return batchTokens;
  }

  public Device device() {
    return device.device();
  }

  /** How work is computed that has no budget of its own, in a given precision. */
  public Compute compute(DType type) {
    return compute(type, new MemoryOption());
  }

  /** How work is computed, in a given precision. */
  public Compute compute(DType type, MemoryOption memory) {
    return new Compute(
        batchTokens,
        type,
        tf32,
        device.devices(),
        memory.budget(),
        memory.deviceBudget(),
        checkpointSeconds);
  }
}
