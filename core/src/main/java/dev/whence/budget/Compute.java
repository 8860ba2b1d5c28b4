package dev.whence.budget;

import dev.whence.InvalidInputException;
import dev.whence.tensor.DType;
import dev.whence.tensor.Device;
import io.soabase.recordbuilder.core.RecordBuilder;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * How work is computed, apart from what is asked: it decides time and memory, and no result beyond
 * rounding.
 *
 * @param batchTokens tokens of a batch, padding included
 * @param type the precision of the forward and backward passes; sums are in float32 or better
 * @param tf32 whether GPUs may multiply float32 matrices as {@link dev.whence.tensor.Tf32} does
 * @param devices where the model is; where there are several, each has it and takes a share of the
 *     data
 * @param memory how much of the machine's memory may be held at a time; what does not fit is taken
 *     in turn
 * @param deviceMemory how much of each GPU's may be held at a time; empty for what is free
 * @param checkpointSeconds how often progress is saved
 */
@RecordBuilder
public record Compute(
    int batchTokens,
    DType type,
    boolean tf32,
    List<Device> devices,
    MemoryBudget memory,
    Optional<MemoryBudget> deviceMemory,
    int checkpointSeconds)
    implements ComputeBuilder.With {
  /** Batches of 4,096 tokens in float32 on the CPU, within three quarters of the memory. */
  public static final Compute DEFAULT =
      new Compute(
          4096,
          DType.FLOAT32,
          false,
          List.of(Device.CPU),
          MemoryBudget.ofMachine(),
          Optional.empty(),
          60);

  public Compute {
    if (batchTokens < 1) {
      throw new InvalidInputException(
          "--batch-tokens is " + batchTokens + " but must be at least 1");
    }
    if (!type.isFloatingPoint()) {
      throw new InvalidInputException(
          "--dtype is " + type + " but must be float32, float64, bfloat16 or float16");
    }
    if (devices.isEmpty()) {
      throw new InvalidInputException("--device names none; give cpu, for example");
    }
    if (devices.stream().anyMatch(Device::isCpu)) {
      if (tf32) {
        throw new InvalidInputException(
            "--tf32 is for GPUs, and --device is cpu; leave one of them out");
      }
      if (deviceMemory.isPresent()) {
        throw new InvalidInputException(
            "--device-memory is for GPUs, and --device is cpu; give --memory");
      }
      if (devices.stream().anyMatch(device -> !device.isCpu())) {
        throw new InvalidInputException("--device names cpu beside GPUs; give one kind");
      }
    }
    devices = List.copyOf(devices);
  }

  /** The first device, where all that is not shared out is computed. */
  public Device device() {
    return devices.getFirst();
  }

  /**
   * Looks whether a model is where the work is to be computed.
   *
   * @param ofModel where it is
   * @throws IllegalArgumentException when it is elsewhere
   */
  public void requireDevice(Device ofModel) {
    if (!device().equals(ofModel)) {
      throw new IllegalArgumentException(
          "the model is on %s, the settings ask for %s".formatted(ofModel, device()));
    }
  }

  /**
   * The memory in which each device has its tensors: a GPU's where there is one, and of several
   * that of the smallest. What is named several times is shared.
   */
  public MemoryBudget working() {
    return devices.stream()
        .distinct()
        .map(device -> {
          MemoryBudget whole =
              device.isCpu() ? memory : deviceMemory.orElseGet(() -> MemoryBudget.ofDevice(device));
          int named = Collections.frequency(devices, device);
          return new MemoryBudget(whole.bytes() / named, whole.option());
        })
        .min(Comparator.comparingLong(MemoryBudget::bytes))
        .orElseThrow();
  }
}
