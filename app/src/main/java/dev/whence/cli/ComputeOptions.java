package dev.whence.cli;

import dev.whence.budget.Compute;
import dev.whence.budget.MemoryBudget;
import dev.whence.tensor.DType;
import dev.whence.tensor.Device;
import picocli.CommandLine.Option;

/** Where and in what portions the work is done. */
public final class ComputeOptions {
  @Option(
      names = "--batch-tokens",
      paramLabel = "N",
      defaultValue = "4096",
      description = "Tokens of a batch, padding included (default: 4096). Less needs less memory.")
  private int batchTokens;

  @Option(
      names = "--device",
      paramLabel = "DEVICE",
      defaultValue = "cpu",
      description = "cpu, or cuda:0 for the first GPU (default: cpu).")
  private String device = "cpu";

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
    return new Device(device);
  }

  /** How work is computed that has no budget of its own, in a given precision. */
  public Compute compute(DType type) {
    return new Compute(batchTokens, type, device(), MemoryBudget.ofMachine(), checkpointSeconds);
  }

  /** How work is computed, in a given precision. */
  public Compute compute(DType type, MemoryOption memory) {
    return new Compute(batchTokens, type, device(), memory.budget(), checkpointSeconds);
  }
}
