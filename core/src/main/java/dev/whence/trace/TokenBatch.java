package dev.whence.trace;

import dev.whence.tensor.Device;
import dev.whence.tensor.Functions;
import dev.whence.tensor.Tensor;
import dev.whence.tensor.Tensors;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * Sequences side by side, padded at the end to one length. A sequence of T tokens gives T-1
 * positions: position t reads token t and predicts token t+1. Padding comes after the positions
 * that count, so causal attention never lets it reach them.
 *
 * @param inputs what is read, [batch, positions], int64; or, where classes of something else are to
 *     be predicted, its features, [batch, 1, features]
 * @param targets what is to be predicted, [batch, positions], int64
 * @param scored 1 where the prediction is part of the measured log-likelihood, else 0, [batch,
 *     positions], float32
 * @param real 1 where the position is not padding, [batch, positions], float32; empty when all are
 *     real
 * @param keys what random draws depend on beside the position, one per sequence
 */
public record TokenBatch(
    Tensor inputs, Tensor targets, Tensor scored, Optional<Tensor> real, long[] keys)
    implements Examples {

  /**
   * One sequence of a batch.
   *
   * @param firstScored the first token whose prediction counts; tokens before it are context
   * @param key what random draws for this sequence depend on
   */
  public record Row(int[] tokens, int firstScored, long key) {
    /** A sequence of which every prediction counts. */
    public static Row whole(int[] tokens, long key) {
      return new Row(tokens, 1, key);
    }
  }

  /** Lays rows out as tensors; the result has at least one position. */
  public static TokenBatch of(List<Row> rows, Device device) {
    int count = rows.size();
    int longest = Math.max(1, rows.stream().mapToInt(r -> r.tokens.length - 1).max().orElse(1));
    long[] inputs = new long[count * longest];
    long[] targets = new long[count * longest];
    float[] scored = new float[count * longest];
    float[] real = new float[count * longest];
    boolean padded = false;
    for (int b = 0; b < count; b++) {
      Row row = rows.get(b);
      int positions = row.tokens.length - 1;
      padded |= positions < longest;
      for (int t = 0; t < positions; t++) {
        int at = b * longest + t;
        inputs[at] = row.tokens[t];
        targets[at] = row.tokens[t + 1];
        scored[at] = t + 1 >= row.firstScored ? 1 : 0;
        real[at] = 1;
      }
    }
    return new TokenBatch(
        Tensors.of(inputs, count, longest).to(device),
        Tensors.of(targets, count, longest).to(device),
        Tensors.of(scored, count, longest).to(device),
        padded ? Optional.of(Tensors.of(real, count, longest).to(device)) : Optional.empty(),
        rows.stream().mapToLong(Row::key).toArray());
  }

  /** Some consecutive sequences, as long as the batch's longest; they share its memory. */
  @Override
  public TokenBatch narrow(int first, int count) {
    return new TokenBatch(
        inputs.narrow(0, first, count),
        targets.narrow(0, first, count),
        scored.narrow(0, first, count),
        real.map(r -> r.narrow(0, first, count)),
        Arrays.copyOfRange(keys, first, first + count));
  }

  @Override
  public TokenBatch withKeys(long... others) {
    return new TokenBatch(inputs, targets, scored, real, others);
  }

  public int positions() {
    return (int) inputs.size(1);
  }

  @Override
  public Tensor logProbabilities(Tensor logits) {
    Tensor wide = logits.to(logits.type().accumulator());
    Tensor chosen = wide.gather(2, targets.unsqueeze(2)).select(2, 0);
    return chosen.minus(Functions.logSumExp(wide, 2)).times(scored);
  }

  /**
   * How the log-probability of each target changes with the logits: [batch, positions]; zero where
   * it is not scored.
   *
   * @param change of the logits, [batch, positions, vocabulary]
   */
  public Tensor logProbabilityChanges(Tensor logits, Tensor change) {
    Tensor own = change.gather(2, targets.unsqueeze(2)).select(2, 0);
    return own.minus(Functions.softmax(logits).times(change).sum(2)).times(scored);
  }

  /**
   * {@inheritDoc}
   *
   * <p>Of logits it is {@code one-hot - softmax}. To start the backward pass from it spares
   * autograd the loss, and two tensors the size of the vocabulary.
   *
   * @param logits [batch, positions, vocabulary]
   */
  @Override
  public Tensor logLikelihoodGradient(Tensor logits, Targets targets) {
    Tensor gradient = Functions.softmax(logits.detach().to(logits.type().accumulator()));
    Tensor chosen =
        targets.choose(gradient, this.targets, keys).unsqueeze(2); // [batch, positions, 1]
    Tensor weight = scored.to(gradient.type()).unsqueeze(2);
    gradient.timesInPlace(weight.negate()).scatterPlusInPlace(2, chosen, weight);
    return gradient.to(logits.type());
  }

  /** {@inheritDoc} Of logits it is {@code diag(p) - p p^T} at each position, p their softmax. */
  @Override
  public Tensor lossHessian(Tensor logits, Tensor x) {
    Tensor p = Functions.softmax(logits.detach());
    Tensor px = p.times(x); // [batch, positions, vocabulary]
    return px.minus(p.times(px.sum(2).unsqueeze(2))).times(scored.to(x.type()).unsqueeze(2));
  }

  /** {@inheritDoc} Of logits it is {@code diag(sqrt(p)) - p sqrt(p)^T}. */
  @Override
  public Tensor lossHessianRoot(Tensor logits) {
    Tensor p = Functions.softmax(logits.detach());
    Tensor root = p.sqrt();
    Tensor identity = Tensors.identity(p.type(), p.device(), p.size(2));
    return identity
        .times(root.unsqueeze(3))
        .minus(p.unsqueeze(3).times(root.unsqueeze(2)))
        .times(scored.to(p.type()).unsqueeze(2).unsqueeze(3));
  }
}
