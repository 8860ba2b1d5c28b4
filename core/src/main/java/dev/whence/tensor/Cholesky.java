package dev.whence.tensor;

import org.bytedeco.pytorch.T_TensorTensor_T;
import org.bytedeco.pytorch.global.torch;

/** Solves linear equations with a symmetric positive definite matrix. */
public final class Cholesky implements AutoCloseable {
  private final Tensor factor; // lower

  private Cholesky(Tensor factor) {
    this.factor = factor;
  }

  /**
   * Factors a matrix; belongs to the caller's scope.
   *
   * @param matrix [n, n]; only the lower triangle is read
   * @throws ArithmeticException when it is not positive definite
   */
  public static Cholesky of(Tensor matrix) {
    try {
      return new Cholesky(Tensor.of(torch.linalg_cholesky(matrix.raw)));
    } catch (RuntimeException e) {
      throw new ArithmeticException(
          "the matrix is not positive definite: " + NativeErrors.firstLine(e));
    }
  }

  /** Adds {@code damping} to the diagonal of {@code matrix}, in place, and factors the sum. */
  public static Cholesky damped(Tensor matrix, double damping) {
    Tensor diagonal = matrix.diagonal();
    diagonal.copyInPlace(diagonal.plus(damping));
    return of(matrix);
  }

  /**
   * {@code L^-T} of a positive definite matrix {@code L L^T}, or of each of several. Whether they
   * are positive definite is not checked, so this does not wait for the device.
   *
   * @param matrix [.., n, n]; only the lower triangle is read
   */
  static Tensor inverseTranspose(Tensor matrix) {
    T_TensorTensor_T factored = torch.linalg_cholesky_ex(matrix.raw, false, false);
    Tensor upper = Tensors.ofElement(factored.get0()).transpose(-2, -1);
    Tensor identity = Tensors.identity(matrix.type(), matrix.device(), matrix.size(-1));
    return Tensor.of(torch.linalg_solve_triangular(upper.raw, identity.raw, true));
  }

  /** Takes the factor out of the caller's scope; the caller closes it. */
  public Cholesky keep() {
    factor.keep();
    return this;
  }

  /** {@code matrix^-1 b} for b [n, m]. */
  public Tensor solve(Tensor b) {
    return Tensor.of(torch.cholesky_solve(b.raw, factor.raw));
  }

  @Override
  public void close() {
    factor.close();
  }
}
