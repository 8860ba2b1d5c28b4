package dev.whence.tensor;

/**
 * The nearest product of low rank to a matrix, by subspace iteration from random vectors (Halko,
 * Martinsson and Tropp 2011, algorithm 4.4): {@code 2 + 2 q} thin products instead of a whole
 * decomposition, and no orthonormalisation but by small Gram matrices. The random vectors are
 * always the same, so equal matrices have equal results.
 */
public final class RandomizedSvd {
  /** Directions that are iterated beyond the rank, for accuracy. */
  private static final int OVERSAMPLING = 16;

  /** Each iteration widens the gap between the leading directions and the others. */
  private static final int POWER_ITERATIONS = 2;

  /** Below this many times the subspace, the whole decomposition is as cheap, and exact. */
  private static final int WORTHWHILE = 8;

  /** Squared singular values below this share of their sum are rounding. */
  private static final double LOST = 1e-13;

  /** Keeps a matrix of zeros from being divided by zero, in float32 too. */
  private static final double TINY = 1e-60;

  private static final long SEED = 0x5EED;

  private RandomizedSvd() {}

  /**
   * A product of low rank.
   *
   * @param left [.., m, r]
   * @param right [.., r, n]
   */
  public record Product(Tensor left, Tensor right) {}

  /**
   * The nearest product to a matrix, or to each of several. A device is not waited for until the
   * end, where libtorch looks whether a small eigendecomposition converged: once for all matrices.
   *
   * @param matrix [.., m, n], all of whose elements are finite
   * @param rank of the product; less when the matrix is smaller
   */
  public static Product of(Tensor matrix, int rank) {
    long smaller = Math.min(matrix.size(-2), matrix.size(-1));
    int productRank = (int) Math.min(rank, smaller);
    int subspace = productRank + OVERSAMPLING;
    return smaller < (long) WORTHWHILE * subspace
        ? truncate(Eigen.singular(matrix), productRank)
        : iterate(matrix, subspace, productRank);
  }

  /**
   * Multiply-adds of {@link #of} for an [m, n] matrix; 0 where the whole decomposition is taken,
   * which is no product.
   */
  public static double multiplyAdds(long m, long n, int rank) {
    long smaller = Math.min(m, n);
    double r = Math.min(rank, smaller);
    double k = r + OVERSAMPLING;
    return smaller < WORTHWHILE * k
        ? 0
        : (2 + 2 * POWER_ITERATIONS) * m * n * k
            + 2 * POWER_ITERATIONS * (m + n) * k * k
            + (4 * m + n) * k * k
            + (m + n) * k * r;
  }

  private static Product iterate(Tensor matrix, int subspace, int rank) {
    Tensor transposed = matrix.transpose(-2, -1);
    Tensor left = matrix.matmul(random(matrix, subspace)); // [.., m, k]
    for (int turn = 0; turn < POWER_ITERATIONS; turn++) {
      Tensor right = transposed.matmul(conditioned(left)); // [.., n, k]
      left = matrix.matmul(conditioned(right));
    }
    Tensor q = conditioned(conditioned(left)); // the second time to working precision
    Tensor core = q.transpose(-2, -1).matmul(matrix); // [.., k, n]
    // The core's strongest left directions; they come last.
    Tensor exact = core.to(DType.FLOAT64);
    Tensor u =
        Eigen.symmetricOfFinite(exact.matmul(exact.transpose(-2, -1)))
            .vectors()
            .narrow(-1, subspace - rank, rank)
            .to(matrix.type()); // [.., k, r]
    return new Product(q.matmul(u), u.transpose(-2, -1).matmul(core));
  }

  /**
   * Nearly orthonormal columns with the span of x: enough between two products, at a quarter of an
   * orthonormalisation's time. Directions that are lost to rounding become small. With {@code x^T x
   * = L L^T}, the columns of {@code x L^-T} are orthonormal.
   */
  private static Tensor conditioned(Tensor x) {
    Tensor exact = x.to(DType.FLOAT64);
    Tensor gram = exact.transpose(-2, -1).matmul(exact); // [.., k, k]
    Tensor diagonal = gram.diagonal();
    // Rounding of the products grows with the number of rows, and must stay below.
    double share = Math.max(LOST, 16 * DType.FLOAT64.epsilon() * Math.sqrt((double) x.size(-2)));
    Tensor lost = diagonal.sum(-1).unsqueeze(-1).times(share).plus(TINY);
    diagonal.plusInPlace(lost); // what keeps a matrix of lower rank positive definite
    return x.matmul(Cholesky.inverseTranspose(gram).to(x.type()));
  }

  private static Product truncate(Eigen.Singular whole, long rank) {
    return new Product(
        whole.u().times(whole.s().unsqueeze(-2)).narrow(-1, 0, rank),
        whole.vt().narrow(-2, 0, rank));
  }

  /** Random vectors for the columns of a matrix to begin with: [n, subspace]. */
  private static Tensor random(Tensor matrix, int subspace) {
    Tensor rows = Tensors.range(DType.INT64, matrix.device(), matrix.size(-1));
    return HashedUniforms.of(SEED, 0, rows, subspace).plus(-0.5).to(matrix.type());
  }
}
