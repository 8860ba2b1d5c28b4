package dev.whence.trace;

import dev.whence.tensor.DType;
import dev.whence.tensor.Device;
import dev.whence.tensor.Functions;
import dev.whence.tensor.Tensor;
import dev.whence.tensor.Tensors;
import java.util.ArrayList;
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
 * @param keys what random draws depend on beside the position, one per sequence: [batch], int64
 * @param lengths how many positions of each sequence are not padding
 */
public record TokenBatch(
    Tensor inputs, Tensor targets, Tensor scored, Optional<Tensor> real, Tensor keys, int[] lengths)
    implements Examples {
  /** What a row carries beside its tokens: the first that is scored, its length, its key. */
  private static final int EXTRAS = 3;

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

  /**
   * Lays rows out as tensors; the result has at least one position. They travel to the device as
   * one array, and what follows from it is computed there.
   */
  public static TokenBatch of(List<Row> rows, Device device) {
    int count = rows.size();
    int longest = Math.max(1, rows.stream().mapToInt(r -> r.tokens.length - 1).max().orElse(1));
    int width = 2 * longest + EXTRAS;
    int[] lengths = new int[count];
    long[] array = new long[count * width]; // inputs, targets, extras
    for (int b = 0; b < count; b++) {
      Row row = rows.get(b);
      int at = b * width;
      lengths[b] = Math.max(0, row.tokens.length - 1);
      for (int t = 0; t < lengths[b]; t++) {
        array[at + t] = row.tokens[t];
        array[at + longest + t] = row.tokens[t + 1];
      }
      array[at + 2 * longest] = row.firstScored;
      array[at + 2 * longest + 1] = lengths[b];
      array[at + 2 * longest + 2] = row.key;
    }
    Tensor all = Tensors.of(array, device, count, width);
    Tensor position = Tensors.range(DType.FLOAT32, device, longest);
    Tensor extras = all.narrow(1, 2L * longest, 2).to(DType.FLOAT32);
    Tensor real = atMostOne(extras.narrow(1, 1, 1).minus(position));
    // Position t predicts token t + 1, which is scored from the first scored one on.
    Tensor scored = atMostOne(position.plus(2).minus(extras.narrow(1, 0, 1))).times(real);
    boolean padded = Arrays.stream(lengths).anyMatch(length -> length < longest);
    return new TokenBatch(
        all.narrow(1, 0, longest),
        all.narrow(1, longest, longest),
        scored,
        padded ? Optional.of(real) : Optional.empty(),
        all.select(1, 2L * longest + 2),
        lengths);
  }

  /** A count as 0 or 1: whether there is anything. */
  private static Tensor atMostOne(Tensor count) {
    return count.clampMin(0).clampMax(1);
  }

  /** Some consecutive sequences, as long as the batch's longest; they share its memory. */
  @Override
  public TokenBatch narrow(int first, int count) {
    return new TokenBatch(
        inputs.narrow(0, first, count),
        targets.narrow(0, first, count),
        scored.narrow(0, first, count),
        real.map(r -> r.narrow(0, first, count)),
        keys.narrow(0, first, count),
        Arrays.copyOfRange(lengths, first, first + count));
  }

  /** Takes the tensors out of the caller's scope; whoever keeps them closes them. */
  TokenBatch keep() {
    tensors().forEach(Tensor::keep);
    return this;
  }

  /** Gives up what {@link #keep} took. */
  void close() {
    tensors().forEach(Tensor::close);
  }

  private List<Tensor> tensors() {
    List<Tensor> tensors = new ArrayList<>(List.of(inputs, targets, scored, keys));
    real.ifPresent(tensors::add);
    return tensors;
  }

  @Override
  public TokenBatch withKeys(Tensor others) {
    return new TokenBatch(inputs, targets, scored, real, others, lengths);
  }

  @Override
  public long realPositions() {
    return Arrays.stream(lengths).asLongStream().sum();
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
