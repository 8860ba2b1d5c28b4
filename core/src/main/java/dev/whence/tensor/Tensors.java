package dev.whence.tensor;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.bytedeco.pytorch.MemoryFormatOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/** Makes tensors: from nothing, from arrays, from other tensors. */
public final class Tensors {
  private Tensors() {}

  public static Tensor zeros(DType type, Device device, long... shape) {
    return Tensor.of(torch.zeros(shape, options(type, device)));
  }

  public static Tensor ones(DType type, Device device, long... shape) {
    return Tensor.of(torch.ones(shape, options(type, device)));
  }

  /** A tensor of arbitrary values, for a caller who writes all of them. */
  public static Tensor unwritten(DType type, Device device, long... shape) {
    return Tensor.of(torch.empty(shape, options(type, device), new MemoryFormatOptional()));
  }

  /** The identity matrix, [n, n]. */
  public static Tensor identity(DType type, Device device, long n) {
    return Tensor.of(torch.eye(n, options(type, device)));
  }

  /** 0, 1, .. up to, not including, {@code n}: [n]. */
  public static Tensor range(DType type, Device device, long n) {
    return Tensor.of(torch.arange(new Scalar(n), options(type, device)));
  }

  /** Values in row-major order, copied. */
  public static Tensor of(float[] values, long... shape) {
    Transfers.sent();
    return Tensor.of(org.bytedeco.pytorch.Tensor.create(values, shape));
  }

  /** Values in row-major order, copied. */
  public static Tensor of(double[] values, long... shape) {
    Transfers.sent();
    return Tensor.of(org.bytedeco.pytorch.Tensor.create(values, shape));
  }

  /** Values in row-major order, copied. */
  public static Tensor of(long[] values, long... shape) {
    Transfers.sent();
    return Tensor.of(org.bytedeco.pytorch.Tensor.create(values, shape));
  }

  /**
   * Values in row-major order, on a device. Nobody waits for them to arrive: the copy is one more
   * operation in the device's queue, from memory that it can read by itself.
   */
  public static Tensor of(long[] values, Device device, long... shape) {
    Tensor onHost = of(values, shape);
    return device.isCpu()
        ? onHost
        : Tensor.of(
            onHost
                .raw
                .pin_memory()
                .to(
                    new org.bytedeco.pytorch.Device(device.name()),
                    DType.INT64.scalarType,
                    true,
                    false,
                    new MemoryFormatOptional()));
  }

  /**
   * Of each group whether no element of its tensors is infinite or not a number; all answers are
   * read at once.
   */
  public static boolean[] areAllFinite(List<List<Tensor>> groups) {
    boolean[] finite = new boolean[groups.size()];
    Arrays.fill(finite, true);
    List<Tensor> flags = new ArrayList<>();
    List<Integer> groupOf = new ArrayList<>();
    try (Scope _ = Scope.open()) {
      for (int g = 0; g < groups.size(); g++) {
        for (Tensor tensor : groups.get(g)) {
          flags.add(Scope.result(tensor::finite));
          groupOf.add(g);
        }
      }
      long[] all = flags.isEmpty() ? new long[0] : stack(flags, 0).toLongs();
      for (int i = 0; i < all.length; i++) {
        finite[groupOf.get(i)] &= all[i] != 0;
      }
    }
    return finite;
  }

  public static Tensor cat(List<Tensor> parts, int dimension) {
    return parts.size() == 1 ? parts.getFirst() : Tensor.of(torch.cat(vector(parts), dimension));
  }

  public static Tensor stack(List<Tensor> parts, int dimension) {
    return Tensor.of(torch.stack(vector(parts), dimension));
  }

  /**
   * An element of a native tuple or vector, which is freed with its container: the tensor gets a
   * handle of its own.
   */
  static Tensor ofElement(org.bytedeco.pytorch.Tensor element) {
    return Tensor.of(element.detach());
  }

  /** An element of a native tuple or vector, still part of the graph that it came from. */
  static Tensor ofRecordedElement(org.bytedeco.pytorch.Tensor element) {
    return Tensor.of(new org.bytedeco.pytorch.Tensor(element));
  }

  static TensorVector vector(List<Tensor> tensors) {
    return new TensorVector(
        tensors.stream().map(t -> t.raw).toArray(org.bytedeco.pytorch.Tensor[]::new));
  }

  private static TensorOptions options(DType type, Device device) {
    TensorOptions options = new TensorOptions(type.scalarType);
    return device.isCpu()
        ? options
        : options.device(
            new org.bytedeco.pytorch.DeviceOptional(
                new org.bytedeco.pytorch.Device(device.name())));
  }
}
