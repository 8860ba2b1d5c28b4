package dev.whence.trace;

import dev.whence.tensor.Tensor;
import java.util.Optional;

/**
 * Examples side by side, with what is to be predicted, and how likely a model's output makes it.
 */
public interface Examples {
  /** What is read; the first dimension is the batch. */
  Tensor inputs();

  /** How many examples. */
  default int size() {
    return (int) inputs().size(0);
  }

  /** What random draws depend on beside the position, one per example: [batch], int64. */
  Tensor keys();

  /** These examples with other keys, for other draws. */
  Examples withKeys(Tensor keys);

  /** How many positions of all examples are not padding: known without asking the device. */
  long realPositions();

  /** Where a position is not padding, [batch, positions]; empty when all are real. */
  Optional<Tensor> real();

  /** Some consecutive examples; they share this object's memory. */
  Examples narrow(int first, int count);

  /**
   * The log-likelihood of each target, in nats: [batch, positions]; zero where it is not scored.
   */
  Tensor logProbabilities(Tensor outputs);

  /**
   * The gradient of the scored log-likelihood with respect to the outputs, of their shape and type.
   */
  Tensor logLikelihoodGradient(Tensor outputs, Targets targets);

  /**
   * The Hessian of the scored negative log-likelihood with respect to the outputs, times {@code x}
   * of their shape. It does not depend on the targets.
   */
  Tensor lossHessian(Tensor outputs, Tensor x);

  /**
   * A matrix R with {@code R R^T} that Hessian, for each position: [batch, positions, outputs,
   * outputs].
   */
  Tensor lossHessianRoot(Tensor outputs);
}
