package dev.whence.tensor;

import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.global.torch;

/**
 * Random numbers that are a function of a seed, a key and a position, and of nothing else: the
 * finaliser of SplitMix64 (Steele, Lea and Flood 2014). They are made where their keys are, by
 * integer operations, so every device makes the same.
 */
public final class HashedUniforms {
  private static final long INCREMENT = 0x9E3779B97F4A7C15L;
  private static final long FIRST_FACTOR = 0xBF58476D1CE4E5B9L;
  private static final long SECOND_FACTOR = 0x94D049BB133111EBL;

  /** Of 64 random bits, so many make a number below 1 that float64 holds exactly. */
  private static final int DROPPED_BITS = 11;

  private HashedUniforms() {}

  /**
   * A number for each key and each of the positions from 0: [keys, positions], float64, in [0, 1).
   *
   * @param stream tells uses of the same seed apart
   * @param keys [keys], int64; all bits count, as they do of the seed
   */
  public static Tensor of(long seed, int stream, Tensor keys, long positions) {
    return Scope.result(() -> {
      long start = mix(mix(seed) ^ stream);
      org.bytedeco.pytorch.Tensor ofKeys =
          mix(torch.bitwise_xor(keys.raw, new Scalar(start))).unsqueeze(1);
      Tensor position = Tensors.range(DType.INT64, keys.device(), positions);
      org.bytedeco.pytorch.Tensor bits = mix(torch.bitwise_xor(ofKeys, position.raw));
      return Tensor.of(shiftRight(bits, DROPPED_BITS))
          .to(DType.FLOAT64)
          .times(1.0 / (1L << (Long.SIZE - DROPPED_BITS)));
    });
  }

  private static long mix(long bits) {
    long z = bits + INCREMENT;
    z = (z ^ (z >>> 30)) * FIRST_FACTOR;
    z = (z ^ (z >>> 27)) * SECOND_FACTOR;
    return z ^ (z >>> 31);
  }

  private static org.bytedeco.pytorch.Tensor mix(org.bytedeco.pytorch.Tensor bits) {
    org.bytedeco.pytorch.Tensor z = bits.add(new Scalar(INCREMENT));
    z = torch.bitwise_xor(z, shiftRight(z, 30)).mul(new Scalar(FIRST_FACTOR));
    z = torch.bitwise_xor(z, shiftRight(z, 27)).mul(new Scalar(SECOND_FACTOR));
    return torch.bitwise_xor(z, shiftRight(z, 31));
  }

  /** Without the sign's copies, which libtorch shifts in. */
  private static org.bytedeco.pytorch.Tensor shiftRight(
      org.bytedeco.pytorch.Tensor bits, int count) {
    return torch.bitwise_and(
        torch.bitwise_right_shift(bits, new Scalar((long) count)), new Scalar(-1L >>> count));
  }
}
