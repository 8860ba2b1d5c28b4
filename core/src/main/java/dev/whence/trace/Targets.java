package dev.whence.trace;

import dev.whence.tensor.DType;
import dev.whence.tensor.Functions;
import dev.whence.tensor.Scope;
import dev.whence.tensor.Tensor;
import dev.whence.tensor.Tensors;

/** Which tokens the log-likelihood's gradient is taken for. */
public sealed interface Targets {
  /**
   * Chooses a token for each position.
   *
   * @param probabilities the model's own, [batch, positions, vocabulary]
   * @param given the data's own, [batch, positions], int64
   * @param keys of the sequences
   * @return [batch, positions], int64
   */
  Tensor choose(Tensor probabilities, Tensor given, long[] keys);

  /** The tokens that follow in the data: the gradient of the training loss, and of a query. */
  record Given() implements Targets {
    @Override
    public Tensor choose(Tensor probabilities, Tensor given, long[] keys) {
      return given;
    }
  }

  /**
   * Tokens drawn from the model's own distribution, as the true Fisher needs. A draw depends on the
   * seed, the stream, the sequence's key and the position, never on what else is in the batch.
   *
   * @param stream tells passes apart, so that each draws afresh
   */
  record Sampled(long seed, int stream) implements Targets {
    @Override
    public Tensor choose(Tensor probabilities, Tensor given, long[] keys) {
      int positions = (int) probabilities.size(1);
      double[] uniform = new double[keys.length * positions];
      for (int b = 0; b < keys.length; b++) {
        for (int t = 0; t < positions; t++) {
          uniform[b * positions + t] = uniform(keys[b], t);
        }
      }
      // Inverse of the cumulative distribution: a sort-free draw that costs one pass over the
      // vocabulary.
      return Scope.result(() -> {
        Tensor cumulative = Functions.cumulativeSum(probabilities, 2);
        int last = (int) cumulative.size(2) - 1;
        Tensor threshold =
            Tensors.of(uniform, keys.length, positions, 1)
                .to(cumulative.type())
                .to(cumulative.device())
                .times(cumulative.narrow(2, last, 1));
        // The clamp's bound is floating-point, and so is its result.
        return Functions.searchSortedRight(cumulative, threshold)
            .select(2, 0)
            .clampMax(last)
            .to(DType.INT64);
      });
    }

    /** A number in [0, 1) that depends on all bits of its arguments. */
    public double uniform(long key, int position) {
      long bits = mix(mix(mix(mix(seed) ^ stream) ^ key) ^ position);
      return (bits >>> 11) * 0x1.0p-53;
    }

    /** The finaliser of SplitMix64 (Steele, Lea and Flood 2014). */
    private static long mix(long z) {
      z += 0x9E3779B97F4A7C15L;
      z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
      z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
      return z ^ (z >>> 31);
    }
  }
}
