package dev.whence.tensor;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;

/**
 * A matrix product whose inner dimension is far longer than the others, such as scores of a few
 * sequences for a few queries. BLAS copies both factors into its own order first, which takes
 * longer here than the product. It skips that for small products, so the inner dimension is cut
 * into small pieces, and each core sums its share of them (docs/decisions/0013).
 */
public final class LongProduct {
  /** Multiply-adds up to which a product counts as small, with a margin. */
  private static final long SMALL = 900_000;

  /** Shorter pieces cost more in calls than they save. */
  private static final long SHORTEST = 64;

  private LongProduct() {}

  /**
   * {@code a b}, for a [m, n] and b [n, p]: [m, p]. Fastest when b's rows are contiguous.
   *
   * @param b the factor that should be in memory row by row
   */
  public static Tensor of(Tensor a, Tensor b) {
    long n = a.size(1);
    long piece = SMALL / Math.max(1, a.size(0) * b.size(1));
    long pieces = piece == 0 ? 0 : n / piece;
    int cores = Parallel.cores();
    if (!a.device().isCpu() || piece < SHORTEST || pieces < 2L * cores) {
      return a.matmul(b);
    }
    List<Callable<List<Tensor>>> shares = new ArrayList<>();
    for (int core = 0; core < cores; core++) {
      long first = pieces * core / cores;
      long count = pieces * (core + 1) / cores - first;
      shares.add(() -> List.of(sum(a, b, first, count, piece)));
    }
    long done = pieces * piece;
    Tensor total = a.narrow(1, done, n - done).matmul(b.narrow(0, done, n - done));
    List<List<Tensor>> sums = Parallel.run(shares);
    try {
      sums.forEach(share -> total.plusInPlace(share.getFirst()));
    } finally {
      sums.forEach(share -> share.getFirst().close());
    }
    return total;
  }

  private static Tensor sum(Tensor a, Tensor b, long first, long count, long piece) {
    Tensor left = a.narrow(1, first * piece, count * piece).reshape(a.size(0), count, piece);
    Tensor right = b.narrow(0, first * piece, count * piece).reshape(count, piece, b.size(1));
    return left.transpose(0, 1).bmm(right).sum(0); // [count, m, p], summed
  }
}
