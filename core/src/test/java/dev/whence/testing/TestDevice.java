package dev.whence.testing;

import dev.whence.budget.Compute;
import dev.whence.tensor.Device;
import java.util.List;

/**
 * Where tests tagged {@link #TAG} compute: the CPU, or what {@code -Dwhence.test.device=cuda:0}
 * says.
 */
public final class TestDevice {
  /** Of tests that hold on any device. */
  public static final String TAG = "device";

  public static final Device DEVICE =
      new Device(System.getProperty("whence.test.device", "cpu")).require();

  private TestDevice() {}

  /** The same work on that device. */
  public static Compute compute(Compute compute) {
    return compute.withDevices(List.of(DEVICE));
  }
}
