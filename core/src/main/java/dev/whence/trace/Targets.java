package dev.whence.trace;

import dev.whence.tensor.DType;
import dev.whence.tensor.Functions;
import dev.whence.tensor.HashedUniforms;
import dev.whence.tensor.Scope;
import dev.whence.tensor.Tensor;

/** Which tokens the log-likelihood's gradient is taken for. */
public sealed interface Targets {
  /**
   * Chooses a token for each position.
   *
   * @param probabilities the model's own, [batch, positions, vocabulary]
   * @param given the data's own, [batch, positions], int64
   * @param keys of the sequences, [batch], int64
   * @return [batch, positions], int64
   */
  Tensor choose(Tensor probabilities, Tensor given, Tensor keys);

  /** The tokens that follow in the data: the gradient of the training loss, and of a query. */
  record Given() implements Targets {
    @Override
    public Tensor choose(Tensor probabilities, Tensor given, Tensor keys) {
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
    public Tensor choose(Tensor probabilities, Tensor given, Tensor keys) {
      // Inverse of the cumulative distribution: a sort-free draw that costs one pass over the
      // vocabulary.
      return Scope.result(() -> {
        Tensor cumulative = Functions.cumulativeSum(probabilities, 2);
        int last = (int) cumulative.size(2) - 1;
        Tensor threshold =
            uniforms(keys, cumulative.size(1))
                .unsqueeze(2)
                .to(cumulative.type())
                .times(cumulative.narrow(2, last, 1));
        // The clamp's bound is floating-point, and so is its result.
        return Functions.searchSortedRight(cumulative, threshold)
            .select(2, 0)
            .clampMax(last)
            .to(DType.INT64);
      });
    }

    /**
     * A number in [0, 1) for each key and each of the positions from 0: [keys, positions], float64.
     */
    public Tensor uniforms(Tensor keys, long positions) {
      return HashedUniforms.of(seed, stream, keys, positions);
    }
  }
}
