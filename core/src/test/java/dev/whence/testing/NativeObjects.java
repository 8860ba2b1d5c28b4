package dev.whence.testing;

import dev.whence.tensor.DType;
import dev.whence.tensor.Device;
import dev.whence.tensor.Scope;
import dev.whence.tensor.Tensor;
import dev.whence.tensor.Tensors;
import java.lang.reflect.Field;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.locks.LockSupport;

/**
 * The native objects that are alive in this process, by kind.
 *
 * @param tensors each holds memory that counts
 * @param others numbers, options and lists on their way into a call
 */
public record NativeObjects(long tensors, long others) {
  private static final int TRIES = 20;
  private static final long COLLECTION_NANOS = 1_000_000;

  /** Counts what is alive now, garbage that was not collected yet included. */
  public static NativeObjects alive() {
    Map<Long, Long> counts = byDeallocator();
    long tensors = counts.getOrDefault(TensorKind.DEALLOCATOR, 0L);
    return new NativeObjects(
        tensors, counts.values().stream().mapToLong(Long::longValue).sum() - tensors);
  }

  /** Counts what is alive once garbage is collected: until the count no longer falls. */
  public static NativeObjects afterCollection() {
    NativeObjects before = alive();
    for (int i = 0; i < TRIES && before.others + before.tensors > 0; i++) {
      System.gc();
      LockSupport.parkNanos(COLLECTION_NANOS); // the collector tells another thread
      NativeObjects now = alive();
      if (i > 0 && now.equals(before)) {
        return now;
      }
      before = now;
    }
    return before;
  }

  /** By what frees them, which is one function for each C++ class. */
  private static Map<Long, Long> byDeallocator() {
    try {
      Class<?> reference = Class.forName("org.bytedeco.javacpp.Pointer$DeallocatorReference");
      Class<?> freed = Class.forName("org.bytedeco.javacpp.Pointer$NativeDeallocator");
      Field head = accessible(reference, "head");
      Field next = accessible(reference, "next");
      Field address = accessible(freed, "deallocatorAddress");
      Map<Long, Long> counts = new HashMap<>();
      synchronized (reference) {
        for (Object at = head.get(null); at != null; at = next.get(at)) {
          counts.merge(freed.isInstance(at) ? address.getLong(at) : 0L, 1L, Long::sum);
        }
      }
      return counts;
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(e);
    }
  }

  private static Field accessible(Class<?> type, String name) throws NoSuchFieldException {
    Field field = type.getDeclaredField(name);
    field.setAccessible(true);
    return field;
  }

  /** Which kind is that of tensors: the one of which there are more after one was made. */
  private static final class TensorKind {
    private static final long DEALLOCATOR = find();

    private static long find() {
      try (Scope _ = Scope.open()) {
        Tensor tensor = Tensors.zeros(DType.FLOAT32, Device.CPU, 1);
        Map<Long, Long> before = byDeallocator();
        Tensor other = tensor.detach();
        long found =
            byDeallocator().entrySet().stream()
                .filter(e -> e.getValue() > before.getOrDefault(e.getKey(), 0L))
                .map(Map.Entry::getKey)
                .findFirst()
                .orElseThrow();
        Objects.requireNonNull(other); // alive until here
        return found;
      }
    }
  }
}
