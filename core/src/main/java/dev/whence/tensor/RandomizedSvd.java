package dev.whence.tensor;

import java.util.SplittableRandom;

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

  /** Squared singular values below this share of the largest are rounding. */
  private static final double LOST = 1e-13;

  /** Keeps a matrix of zeros from being divided by zero, in float32 too. */
  private static final double TINY = 1e-60;

  private static final long SEED = 0x5EED;

  private RandomizedSvd() {}

  /**
   * A product of low rank.
   *
   * @param left [m, r]
   * @param right [r, n]
   */
  public record Product(Tensor left, Tensor right) {}

  /**
   * The nearest product to an [m, n] matrix.
   *
   * @param rank of the product; less when the matrix is smaller
   */
  public static Product of(Tensor matrix, int rank) {
    long smaller = Math.min(matrix.size(0), matrix.size(1));
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
    Tensor start = gaussian(matrix.size(1), subspace).to(matrix.type()).to(matrix.device());
    Tensor left = matrix.matmul(start); // [m, k]
    for (int turn = 0; turn < POWER_ITERATIONS; turn++) {
      Tensor right = matrix.t().matmul(conditioned(left)); // [n, k]
      left = matrix.matmul(conditioned(right));
    }
    Tensor q = conditioned(conditioned(left)); // the second time to working precision
    Tensor core = q.t().matmul(matrix); // [k, n]
    // The core's strongest left directions; they come last.
    Tensor exact = core.to(DType.FLOAT64);
    Tensor u =
        Eigen.symmetric(exact.matmul(exact.t()))
            .vectors()
            .narrow(1, subspace - rank, rank)
            .to(matrix.type()); // [k, r]
    return new Product(q.matmul(u), u.t().matmul(core));
  }

  /**
   * Nearly orthonormal columns with the span of x: enough between two products, at a quarter of an
   * orthonormalisation's time. Directions that are lost to rounding become small.
   */
  private static Tensor conditioned(Tensor x) {
    Tensor exact = x.to(DType.FLOAT64);
    Eigen.Symmetric gram = Eigen.symmetric(exact.t().matmul(exact)); // [k, k]
    double largest = gram.values().max().item();
    Tensor values = gram.values().clampMin(largest * LOST + TINY);
    return x.matmul(gram.vectors().times(values.rsqrt().unsqueeze(0)).to(x.type()));
  }

  private static Product truncate(Eigen.Singular whole, long rank) {
    return new Product(
        whole.u().times(whole.s()).narrow(1, 0, rank), whole.vt().narrow(0, 0, rank));
  }

  private static Tensor gaussian(long rows, int columns) {
    SplittableRandom random = new SplittableRandom(SEED);
    float[] values = new float[Math.toIntExact(rows * columns)];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return Tensors.of(values, rows, columns);
  }
}
