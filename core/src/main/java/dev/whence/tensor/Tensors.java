package dev.whence.tensor;

import java.util.List;
import org.bytedeco.pytorch.MemoryFormatOptional;
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

  /** Values in row-major order, copied. */
  public static Tensor of(float[] values, long... shape) {
    return Tensor.of(org.bytedeco.pytorch.Tensor.create(values, shape));
  }

  /** Values in row-major order, copied. */
  public static Tensor of(double[] values, long... shape) {
    return Tensor.of(org.bytedeco.pytorch.Tensor.create(values, shape));
  }

  /** Values in row-major order, copied. */
  public static Tensor of(long[] values, long... shape) {
    return Tensor.of(org.bytedeco.pytorch.Tensor.create(values, shape));
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
