package dev.whence.model;

import dev.whence.tensor.DType;
import dev.whence.tensor.Functions;
import dev.whence.tensor.Scope;
import dev.whence.tensor.Tensor;
import dev.whence.tensor.Tensors;

/**
 * Softmax attention in which a position sees itself and those before it, perhaps only the nearest.
 */
final class CausalAttention {
  /** A window that reaches back to the beginning. */
  static final int UNLIMITED = Integer.MAX_VALUE;

  private CausalAttention() {}

  /**
   * Attends. The softmax is in float32 or the type of q, whichever is wider. Fewer key heads than
   * query heads are shared among groups of them (Ainslie et al. 2023).
   *
   * @param q [batch, heads, positions, headSize]
   * @param k [batch, keyHeads, positions, headSize]
   * @param v as k
   * @param window how many positions are seen, this one included
   * @return [batch, positions, heads * headSize]
   */
  static Tensor attend(Tensor q, Tensor k, Tensor v, double scale, int window) {
    return Scope.result(() -> {
      long positions = q.size(2);
      Tensor keys = repeat(k, q.size(1) / k.size(1));
      Tensor values = repeat(v, q.size(1) / v.size(1));
      Tensor scores =
          q.times(scale).matmul(keys.transpose(2, 3)); // [batch, heads, positions, positions]
      Tensor masked = scores.plus(mask((int) positions, window, q));
      Tensor weights = Functions.softmax(masked.to(q.type().accumulator())).to(q.type());
      return weights
          .matmul(values)
          .transpose(1, 2)
          .reshape(q.size(0), positions, q.size(1) * q.size(3));
    });
  }

  /** Splits [batch, positions, heads * headSize] into [batch, heads, positions, headSize]. */
  static Tensor heads(Tensor x, int heads) {
    return x.reshape(x.size(0), x.size(1), heads, x.size(2) / heads).transpose(1, 2);
  }

  private static Tensor repeat(Tensor x, long times) {
    if (times == 1) {
      return x;
    }
    return x.unsqueeze(2)
        .expand(x.size(0), x.size(1), times, x.size(2), x.size(3))
        .reshape(x.size(0), x.size(1) * times, x.size(2), x.size(3));
  }

  /** Zero where a position is seen, minus infinity where it is not: [positions, positions]. */
  private static Tensor mask(int positions, int window, Tensor like) {
    Tensor ones = Tensors.ones(like.type(), like.device(), positions, positions);
    Tensor hidden = ones.upperTriangle(1);
    if (window < positions) {
      hidden = hidden.plus(ones.minus(ones.upperTriangle(1L - window)));
    }
    return Tensors.zeros(like.type(), like.device(), positions, positions)
        .maskedFill(hidden.to(DType.BOOL), Double.NEGATIVE_INFINITY);
  }
}
