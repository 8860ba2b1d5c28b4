package dev.whence.model;

import dev.whence.tensor.Functions;
import dev.whence.tensor.Scope;
import dev.whence.tensor.Tensor;

/**
 * Softmax attention in which a position sees itself and those before it, perhaps only the nearest.
 */
final class CausalAttention {
  private CausalAttention() {}

  /**
   * Attends. The softmax is in float32 or the type of q, whichever is wider. Fewer key heads than
   * query heads are shared among groups of them (Ainslie et al. 2023).
   *
   * @param q [batch, heads, positions, headSize]
   * @param k [batch, keyHeads, positions, headSize]
   * @param v as k
   * @param mask which positions are seen
   * @return [batch, positions, heads * headSize]
   */
  static Tensor attend(Tensor q, Tensor k, Tensor v, double scale, CausalMask mask) {
    return Scope.result(() -> {
      long positions = q.size(2);
      Tensor keys = repeat(k, q.size(1) / k.size(1));
      Tensor values = repeat(v, q.size(1) / v.size(1));
      Tensor scores =
          q.times(scale).matmul(keys.transpose(2, 3)); // [batch, heads, positions, positions]
      Tensor masked = scores.plus(mask.first((int) positions));
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
}
