package dev.whence.tensor;

import dev.whence.InvalidInputException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.bytedeco.pytorch.SizeTPair;
import org.bytedeco.pytorch.Stat;
import org.bytedeco.pytorch.cuda.CUDAAllocator;
import org.bytedeco.pytorch.global.torch_cuda;

/** The memory of GPUs, of which libtorch keeps what is freed for tensors to come. */
public final class DeviceMemory {
  private static final AtomicBoolean USED = new AtomicBoolean();

  private DeviceMemory() {}

  /** Takes note that a GPU is used. */
  static void use() {
    USED.set(true);
  }

  /**
   * Bytes that this process may have on a GPU: what is free, and what its tensors take already.
   *
   * @throws InvalidInputException when the GPU cannot be asked
   */
  public static long available(Device device) {
    giveBack();
    try (Scope _ = Scope.open()) {
      Tensor _ = Tensors.zeros(DType.FLOAT32, device, 1); // libtorch knows no device unused yet
      SizeTPair freeAndTotal = allocator().getMemoryInfo(device.index());
      return freeAndTotal.first() + allocated(device).current();
    } catch (LinkageError e) {
      throw new InvalidInputException(
          "the free memory of %s cannot be asked for (%s); give --device-memory"
              .formatted(device, NativeErrors.firstLine(e)),
          e);
    }
  }

  /** The most bytes that tensors took on a GPU, at any time in this process. */
  public static long peak(Device device) {
    try (Scope _ = Scope.open()) {
      return allocated(device).peak();
    }
  }

  /** Gives back what is kept, where a GPU is used: blocks of one size do not fit the next. */
  static void giveBack() {
    if (!USED.get()) {
      return;
    }
    try (Scope _ = Scope.open()) {
      allocator().emptyCache();
    } catch (LinkageError e) {
      USED.set(false); // nobody can ask it to
    }
  }

  private static Stat allocated(Device device) {
    return allocator().getDeviceStats(device.index()).allocated_bytes();
  }

  private static CUDAAllocator allocator() {
    return torch_cuda.getAllocator();
  }
}
