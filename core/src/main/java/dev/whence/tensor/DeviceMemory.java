package dev.whence.tensor;

import java.util.concurrent.atomic.AtomicBoolean;
import org.bytedeco.pytorch.SizeTPair;
import org.bytedeco.pytorch.cuda.CUDAAllocator;
import org.bytedeco.pytorch.global.torch_cuda;

/** The memory of a GPU, which libtorch keeps for tensors to come when one is freed. */
public final class DeviceMemory {
  private static final AtomicBoolean USED = new AtomicBoolean();

  private DeviceMemory() {}

  /** Bytes that are free on a GPU, with those that libtorch keeps. */
  public static long free(Device device) {
    USED.set(true);
    giveBack();
    try (Scope _ = Scope.open()) {
      SizeTPair freeAndTotal = torch_cuda.getAllocator().getMemoryInfo(device.index());
      return freeAndTotal.first();
    }
  }

  /** The most bytes that tensors took on a GPU, at any time in this process. */
  public static long peak(Device device) {
    try (Scope _ = Scope.open()) {
      return torch_cuda.getAllocator().getDeviceStats(device.index()).allocated_bytes().peak();
    }
  }

  /** Gives back what is kept, where a GPU is used: blocks of one size do not fit the next. */
  static void giveBack() {
    if (USED.get()) {
      try (Scope _ = Scope.open()) {
        CUDAAllocator allocator = torch_cuda.getAllocator();
        allocator.emptyCache();
      }
    }
  }
}
