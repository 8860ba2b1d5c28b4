package dev.whence.tensor;

import java.util.Arrays;
import org.bytedeco.pytorch.DoubleOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * An n-dimensional array in native memory: a libtorch tensor. Operations make new tensors, except
 * those named {@code ...InPlace}. Whoever calls {@link #keep} owns the tensor and closes it; all
 * others go with their {@link Scope}.
 *
 * <p>Shapes that do not fit are a bug, and throw libtorch's {@link RuntimeException}.
 */
public final class Tensor implements AutoCloseable {
  final org.bytedeco.pytorch.Tensor raw;

  private Tensor(org.bytedeco.pytorch.Tensor raw) {
    this.raw = raw;
  }

  static Tensor of(org.bytedeco.pytorch.Tensor raw) {
    return new Tensor(raw);
  }

  // ---- owning

  /** Makes the caller the owner: the tensor outlives its scope until {@link #close}. */
  public Tensor keep() {
    raw.retainReference();
    return this;
  }

  /** Gives up what {@link #keep} took. */
  @Override
  public void close() {
    raw.releaseReference();
  }

  /**
   * Frees the tensor now, though its scope goes on; it must not be used again. Memory that other
   * tensors share stays.
   */
  public void free() {
    raw.deallocate();
  }

  // ---- asking

  public long[] shape() {
    long[] shape = new long[(int) raw.dim()];
    for (int d = 0; d < shape.length; d++) {
      shape[d] = raw.size(d);
    }
    return shape;
  }

  /** The size of one dimension; negative ones count from the last. */
  public long size(int dimension) {
    return raw.size(dimension);
  }

  public int dimensions() {
    return (int) raw.dim();
  }

  public long elements() {
    return raw.numel();
  }

  public DType type() {
    return DType.of(raw.scalar_type());
  }

  public Device device() {
    org.bytedeco.pytorch.Device device = raw.device();
    return device.is_cpu() ? Device.CPU : new Device("cuda:" + device.index());
  }

  /** Whether operations on this tensor are recorded for {@link Autograd}. */
  public boolean requiresGradient() {
    return raw.requires_grad();
  }

  /** Whether another tensor has the same shape and elements. */
  public boolean equalTo(Tensor other) {
    Transfers.waits();
    return raw.equal(other.raw);
  }

  /** Whether no element is infinite or not a number. */
  public boolean isFinite() {
    Transfers.waits();
    return finite().raw.item_bool();
  }

  /** {@link #isFinite} where it is computed: a bool that nobody has read yet. */
  Tensor finite() {
    return of(raw.isfinite().all());
  }

  // ---- converting

  public Tensor to(DType type) {
    return type() == type ? this : of(raw.toType(type.scalarType));
  }

  public Tensor to(Device device) {
    return device.equals(device())
        ? this
        : of(raw.to(new org.bytedeco.pytorch.Device(device.name()), raw.scalar_type()));
  }

  /** Outside the recorded graph, sharing memory. */
  public Tensor detach() {
    return of(raw.detach());
  }

  public Tensor contiguous() {
    return of(raw.contiguous());
  }

  /** A copy with memory of its own. */
  public Tensor copy() {
    return of(raw.clone());
  }

  /** Marks a leaf whose gradient will be asked for, and returns it. */
  public Tensor requireGradient() {
    raw.set_requires_grad(true);
    return this;
  }

  /** Undoes {@link #requireGradient} on a leaf. */
  public Tensor forgetGradient() {
    raw.requires_grad_(false);
    return this;
  }

  // ---- reshaping

  public Tensor reshape(long... shape) {
    return of(raw.reshape(shape));
  }

  public Tensor transpose(int a, int b) {
    return of(raw.transpose(a, b));
  }

  /** The transpose of a matrix. */
  public Tensor t() {
    return of(raw.t());
  }

  public Tensor unsqueeze(int dimension) {
    return of(raw.unsqueeze(dimension));
  }

  public Tensor expand(long... shape) {
    return of(raw.expand(shape));
  }

  /** {@code length} slices from {@code start} along a dimension, sharing memory. */
  public Tensor narrow(int dimension, long start, long length) {
    return of(raw.narrow(dimension, start, length));
  }

  /** One slice, without its dimension, sharing memory. */
  public Tensor select(int dimension, long index) {
    return of(raw.select(dimension, index));
  }

  /** These slices along the first dimension, in this order, copied. */
  public Tensor rows(long... indices) {
    return rows(Tensors.of(indices, device(), indices.length));
  }

  /**
   * These slices along the first dimension, in this order, copied.
   *
   * @param indices [n], int64
   */
  public Tensor rows(Tensor indices) {
    return of(raw.index_select(0, indices.raw));
  }

  /** Elements at {@code indices} of the same rank, along a dimension. */
  public Tensor gather(int dimension, Tensor indices) {
    return of(raw.gather(dimension, indices.raw));
  }

  /** The elements on and above the {@code diagonal}; zero below. */
  public Tensor upperTriangle(long diagonal) {
    return of(raw.triu(diagonal));
  }

  /** The diagonal of a matrix, or of each of several, sharing memory: [.., n]. */
  public Tensor diagonal() {
    return of(raw.diagonal(0, -2, -1));
  }

  // ---- arithmetic, with broadcasting

  public Tensor plus(Tensor other) {
    return of(raw.add(other.raw));
  }

  public Tensor plus(double value) {
    return of(raw.add(new Scalar(value)));
  }

  /** The type stays: integers stay integers. */
  public Tensor plus(long value) {
    return of(raw.add(new Scalar(value)));
  }

  public Tensor minus(Tensor other) {
    return of(raw.sub(other.raw));
  }

  public Tensor times(Tensor other) {
    return of(raw.mul(other.raw));
  }

  public Tensor times(double value) {
    return of(raw.mul(new Scalar(value)));
  }

  public Tensor over(Tensor other) {
    return of(raw.div(other.raw));
  }

  public Tensor over(double value) {
    return of(raw.div(new Scalar(value)));
  }

  public Tensor negate() {
    return of(raw.neg());
  }

  public Tensor square() {
    return of(raw.square());
  }

  public Tensor sqrt() {
    return of(raw.sqrt());
  }

  public Tensor exp() {
    return of(raw.exp());
  }

  public Tensor log() {
    return of(raw.log());
  }

  public Tensor abs() {
    return of(raw.abs());
  }

  public Tensor sin() {
    return of(raw.sin());
  }

  public Tensor cos() {
    return of(raw.cos());
  }

  /** Elements where {@code mask} (bool) is set become {@code value}. */
  public Tensor maskedFill(Tensor mask, double value) {
    return of(raw.masked_fill(mask.raw, new Scalar(value)));
  }

  /** Matrix product over the last two dimensions; the others broadcast. */
  public Tensor matmul(Tensor other) {
    return MultiplyAdds.noted(of(raw.matmul(other.raw)), raw.size(-1));
  }

  /** Matrix products of two batches: [b, n, k] x [b, k, m]. */
  public Tensor bmm(Tensor other) {
    return MultiplyAdds.noted(of(raw.bmm(other.raw)), raw.size(2));
  }

  // ---- in place

  public Tensor plusInPlace(Tensor other) {
    raw.add_(other.raw);
    return this;
  }

  /** {@code this += factor * other}. */
  public Tensor plusInPlace(Tensor other, double factor) {
    raw.add_(other.raw, new Scalar(factor));
    return this;
  }

  public Tensor timesInPlace(double value) {
    raw.mul_(new Scalar(value));
    return this;
  }

  public Tensor timesInPlace(Tensor other) {
    raw.mul_(other.raw);
    return this;
  }

  public Tensor overInPlace(Tensor other) {
    raw.div_(other.raw);
    return this;
  }

  public Tensor sqrtInPlace() {
    raw.sqrt_();
    return this;
  }

  /** {@code this += a b} for matrices: the way to accumulate without a temporary. */
  public Tensor plusProductInPlace(Tensor a, Tensor b) {
    raw.addmm_(a.raw, b.raw);
    return MultiplyAdds.noted(this, a.raw.size(1));
  }

  /** {@code this += factor * a * b}, elementwise. */
  public Tensor plusElementwiseInPlace(Tensor a, Tensor b, double factor) {
    raw.addcmul_(a.raw, b.raw, new Scalar(factor));
    return this;
  }

  /** {@code this += factor * a / b}, elementwise. */
  public Tensor plusQuotientInPlace(Tensor a, Tensor b, double factor) {
    raw.addcdiv_(a.raw, b.raw, new Scalar(factor));
    return this;
  }

  public Tensor fillInPlace(double value) {
    raw.fill_(new Scalar(value));
    return this;
  }

  public Tensor copyInPlace(Tensor source) {
    raw.copy_(source.raw);
    return this;
  }

  /** Adds {@code source} at {@code indices} along a dimension. */
  public Tensor scatterPlusInPlace(int dimension, Tensor indices, Tensor source) {
    raw.scatter_add_(dimension, indices.raw, source.raw);
    return this;
  }

  // ---- reducing

  public Tensor sum() {
    return of(raw.sum());
  }

  public Tensor sum(int dimension) {
    return of(raw.sum(dimension));
  }

  public Tensor mean() {
    return of(raw.mean());
  }

  public Tensor mean(int dimension) {
    return of(raw.mean(dimension));
  }

  public Tensor max() {
    return of(raw.max());
  }

  /** The Euclidean norm of all elements, a scalar. */
  public Tensor norm() {
    return of(raw.norm());
  }

  public Tensor clampMin(double value) {
    return of(raw.clamp_min(new Scalar(value)));
  }

  public Tensor clampMax(double value) {
    return of(raw.clamp_max(new Scalar(value)));
  }

  /** Zero where an element is infinite or not a number. */
  public Tensor finiteOrZero() {
    DoubleOptional zero = new DoubleOptional(0);
    return of(raw.nan_to_num(zero, zero, zero));
  }

  // ---- reading

  /** The value of a tensor with one element. */
  public double item() {
    Transfers.waits();
    return raw.item_double();
  }

  /** All elements in row-major order. */
  public float[] toFloats() {
    try (Scope _ = Scope.open()) {
      float[] values = new float[Math.toIntExact(elements())];
      if (values.length > 0) {
        host(ScalarType.Float).data_ptr_float().get(values);
      }
      return values;
    }
  }

  /** All elements in row-major order. */
  public double[] toDoubles() {
    try (Scope _ = Scope.open()) {
      double[] values = new double[Math.toIntExact(elements())];
      if (values.length > 0) {
        host(ScalarType.Double).data_ptr_double().get(values);
      }
      return values;
    }
  }

  /** All elements in row-major order. */
  public long[] toLongs() {
    try (Scope _ = Scope.open()) {
      long[] values = new long[Math.toIntExact(elements())];
      if (values.length > 0) {
        host(ScalarType.Long).data_ptr_long().get(values);
      }
      return values;
    }
  }

  private org.bytedeco.pytorch.Tensor host(ScalarType type) {
    Transfers.waits();
    return raw.detach().cpu().toType(type).contiguous();
  }

  /** Type and shape, never the values. */
  @Override
  public String toString() {
    return type() + Arrays.toString(shape());
  }
}
