package dev.whence.tensor;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.bytedeco.pytorch.T_TensorTensorTensor_T;
import org.bytedeco.pytorch.T_TensorTensor_T;
import org.bytedeco.pytorch.global.torch;

/** Dense decompositions, by LAPACK. */
public final class Eigen {
  /**
   * Rows of the largest matrix that can be decomposed: LAPACK counts its workspace of {@code 1 + 6
   * n + 2 n^2} numbers in 32 bits.
   */
  public static final int MOST_ROWS = 32_766;

  private static final int PROBE_ROWS = 1024;
  private static final Map<Device, Device> FASTEST = new ConcurrentHashMap<>();

  private Eigen() {}

  /**
   * The decomposition of a symmetric matrix.
   *
   * @param values ascending, [n]
   * @param vectors one eigenvector a column, [n, n]
   */
  public record Symmetric(Tensor values, Tensor vectors) {}

  /**
   * A thin singular value decomposition {@code u diag(s) v^T}.
   *
   * @param u [m, k]
   * @param s descending, [k]
   * @param vt [k, n]
   */
  public record Singular(Tensor u, Tensor s, Tensor vt) {}

  /**
   * Decomposes a symmetric matrix, or each of several, in its own precision.
   *
   * @param matrix [n, n], or [.., n, n]; only the lower triangle is read
   * @throws ArithmeticException when the matrix has values that are not finite, or the iteration
   *     does not converge
   */
  public static Symmetric symmetric(Tensor matrix) {
    if (!matrix.isFinite()) {
      throw new ArithmeticException("the matrix has values that are not finite");
    }
    return symmetricOfFinite(matrix);
  }

  /** Decomposes as {@link #symmetric} does a matrix that is known to be finite. */
  static Symmetric symmetricOfFinite(Tensor matrix) {
    try {
      T_TensorTensor_T pair = torch.linalg_eigh(matrix.raw, "L");
      return new Symmetric(Tensors.ofElement(pair.get0()), Tensors.ofElement(pair.get1()));
    } catch (RuntimeException e) {
      throw new ArithmeticException("eigendecomposition failed: " + NativeErrors.firstLine(e));
    }
  }

  /**
   * Where float64 matrices that are on a device are decomposed soonest: there, or on the CPU, as
   * measured once. Many GPUs are slow in float64.
   */
  public static Device fastestFor(Device device) {
    return device.isCpu() ? device : FASTEST.computeIfAbsent(device, Eigen::measure);
  }

  private static Device measure(Device device) {
    try (Scope _ = Scope.open()) {
      Tensor rows = Tensors.range(DType.INT64, device, PROBE_ROWS);
      Tensor there = HashedUniforms.of(0, 0, rows, PROBE_ROWS);
      Tensor here = there.to(Device.CPU);
      double _ = seconds(there) + seconds(here); // warms up
      return seconds(there) < seconds(here) ? device : Device.CPU;
    }
  }

  private static double seconds(Tensor matrix) {
    long start = System.nanoTime();
    double _ = symmetric(matrix).values().max().item(); // waits for it
    return (System.nanoTime() - start) * 1e-9;
  }

  /** The thin singular value decomposition of an [m, n] matrix. */
  public static Singular singular(Tensor matrix) {
    T_TensorTensorTensor_T triple =
        torch.linalg_svd(matrix.raw, false, new org.bytedeco.pytorch.StringViewOptional());
    return new Singular(
        Tensors.ofElement(triple.get0()),
        Tensors.ofElement(triple.get1()),
        Tensors.ofElement(triple.get2()));
  }
}
