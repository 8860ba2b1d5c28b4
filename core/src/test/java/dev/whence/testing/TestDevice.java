package dev.whence.testing;

import dev.whence.budget.Compute;
import dev.whence.budget.MemoryBudget;
import dev.whence.tensor.Device;
import java.util.List;
import java.util.Optional;

/**
 * Where tests tagged {@link #TAG} compute: the CPU, or what {@code -Dwhence.test.device=cuda:0}
 * says.
 */
public final class TestDevice {
  /** Of tests that hold on any device. */
  public static final String TAG = "device";

  public static final Device DEVICE =
      new Device(System.getProperty("whence.test.device", "cpu")).require();

  /** Which option bounds that device's memory. */
  public static final String MEMORY_OPTION = DEVICE.isCpu() ? "--memory" : "--device-memory";

  private TestDevice() {}

  /** The same work within so much of that device's memory. */
  public static Compute within(Compute compute, long bytes) {
    MemoryBudget budget = new MemoryBudget(bytes, MEMORY_OPTION);
    return DEVICE.isCpu()
        ? compute.withMemory(budget)
        : compute.withDeviceMemory(Optional.of(budget));
  }

  /** The same work on that device. */
  public static Compute compute(Compute compute) {
    return compute.withDevices(List.of(DEVICE));
  }
}
