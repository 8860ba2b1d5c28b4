package dev.whence.cli;

import dev.whence.budget.Compute;
import dev.whence.budget.MemoryBudget;
import dev.whence.tensor.DType;
import dev.whence.tensor.Device;
import java.util.List;
import java.util.Optional;
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
      names = "--checkpoint-seconds",
      paramLabel = "N",
      defaultValue = "60",
      description = "How often progress is saved (default: 60).")
  private int checkpointSeconds;

  public int batchTokens() {
    return batchTokens;
  }

  /**
   * The device of a command that shares no work among several.
   *
   * @throws dev.whence.InvalidInputException when several are named
   */
  public Device device() {
    return device.device();
  }

  /** How work is computed that has no budget of its own, in a given precision. */
  public Compute compute(DType type) {
    return new Compute(
        batchTokens,
        type,
        false,
        List.of(device()),
        MemoryBudget.ofMachine(),
        Optional.empty(),
        checkpointSeconds);
  }

  /** How work is computed that can be shared among devices, in a given precision. */
  public Compute compute(DType type, MemoryOption memory, Tf32Option tf32) {
    return new Compute(
        batchTokens,
        type,
        tf32.isAllowed(),
        device.devices(),
        memory.budget(),
        memory.deviceBudget(),
        checkpointSeconds);
  }

  /** How work is computed on one device, in a given precision. */
  public Compute compute(DType type, MemoryOption memory) {
    return compute(type, memory, new Tf32Option()).withDevices(List.of(device()));
  }
}
