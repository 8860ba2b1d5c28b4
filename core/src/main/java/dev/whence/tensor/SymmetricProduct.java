package dev.whence.tensor;

import org.bytedeco.openblas.global.openblas;

/**
 * Sums of products {@code x^T x}. They are symmetric, so only the lower triangle is computed: half
 * the multiply-adds of a full product.
 */
public final class SymmetricProduct {
  private SymmetricProduct() {}

  /**
   * Adds {@code x^T x} to the lower triangle of {@code sum}. What is above the diagonal means
   * nothing: {@link #whole} replaces it.
   *
   * @param sum [n, n], contiguous
   * @param x [rows, n], of the sum's type
   */
  public static void accumulate(Tensor sum, Tensor x) {
    DType type = sum.type();
    boolean blas = type == DType.FLOAT32 || type == DType.FLOAT64;
    if (!blas || !sum.device().isCpu() || x.type() != type) {
      sum.plusProductInPlace(x.t(), x);
      return;
    }
    try (Scope _ = Scope.open()) {
      Tensor rows = x.raw.stride(1) == 1 ? x : x.contiguous();
      int n = Math.toIntExact(sum.size(0));
      int k = Math.toIntExact(rows.size(0));
      if (n == 0 || k == 0) {
        return;
      }
      MultiplyAdds.note((long) n * (n + 1) / 2, k);
      int stride = Math.toIntExact(Math.max(n, rows.raw.stride(0)));
      if (type == DType.FLOAT32) {
        openblas.cblas_ssyrk(
            openblas.CblasRowMajor,
            openblas.CblasLower,
            openblas.CblasTrans,
            n,
            k,
            1,
            rows.raw.data_ptr_float(),
            stride,
            1,
            sum.raw.data_ptr_float(),
            n);
      } else {
        openblas.cblas_dsyrk(
            openblas.CblasRowMajor,
            openblas.CblasLower,
            openblas.CblasTrans,
            n,
            k,
            1,
            rows.raw.data_ptr_double(),
            stride,
            1,
            sum.raw.data_ptr_double(),
            n);
      }
    }
  }

  /** The symmetric matrix that a lower triangle stands for: [n, n]. */
  public static Tensor whole(Tensor lower) {
    Tensor whole = Tensor.of(lower.raw.tril());
    return Scope.result(() -> whole.plusInPlace(Tensor.of(lower.raw.tril(-1)).t()));
  }
}
