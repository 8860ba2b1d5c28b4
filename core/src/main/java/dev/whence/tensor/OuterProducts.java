package dev.whence.tensor;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.bytedeco.pytorch.global.torch;

/**
 * {@code sum_t d_t a_t^T} of each example of a batch. BLAS divides every single product among the
 * cores, which for short examples costs more than the product: their products are not divided, and
 * each core computes those of a share of the examples.
 */
public final class OuterProducts {
  /** Multiply-adds of an example below which its product is not worth dividing. */
  static final long SMALL = 1L << 24;

  private OuterProducts() {}

  /**
   * Multiplies.
   *
   * @param left [batch, positions, rows]
   * @param right [batch, positions, columns]
   * @return [batch, rows, columns]
   */
  public static Tensor of(Tensor left, Tensor right) {
    Tensor first = left.transpose(1, 2);
    long batch = left.size(0);
    int cores = Parallel.cores();
    if (!left.device().isCpu() || cores == 1 || batch < cores || !isSmall(left, right)) {
      return first.bmm(right);
    }
    Tensor products =
        Tensors.unwritten(left.type(), left.device(), batch, left.size(2), right.size(2));
    List<Callable<List<Tensor>>> pieces = new ArrayList<>();
    for (int core = 0; core < cores; core++) {
      long from = batch * core / cores;
      long count = batch * (core + 1) / cores - from;
      pieces.add(() -> {
        Tensor share = products.narrow(0, from, count);
        torch.bmm_out(
            share.raw, first.narrow(0, from, count).raw, right.narrow(0, from, count).raw);
        return List.of();
      });
    }
    Parallel.run(pieces);
    return MultiplyAdds.noted(products, left.size(1));
  }

  private static boolean isSmall(Tensor left, Tensor right) {
    return left.size(1) * left.size(2) * right.size(2) < SMALL;
  }
}
