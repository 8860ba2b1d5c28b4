package dev.whence.lab.data;

import dev.whence.tensor.Tensor;
import dev.whence.tensor.Tensors;
import dev.whence.trace.Examples;
import dev.whence.trace.Targets;
import java.util.Optional;

/**
 * Examples with real numbers to predict, by squared error: the loss {@code |y - t|^2 / 2} is, up to
 * a constant, the negative log-likelihood of a Gaussian of unit variance around the output y.
 *
 * @param inputs [batch, positions, features]
 * @param targets t, [batch, positions, outputs]
 */
public record RealTargets(Tensor inputs, Tensor targets, Tensor keys) implements Examples {
  @Override
  public long realPositions() {
    return inputs.size(0) * inputs.size(1);
  }

  @Override
  public Optional<Tensor> real() {
    return Optional.empty();
  }

  @Override
  public RealTargets narrow(int first, int count) {
    return new RealTargets(
        inputs.narrow(0, first, count),
        targets.narrow(0, first, count),
        keys.narrow(0, first, count));
  }

  @Override
  public RealTargets withKeys(Tensor others) {
    return new RealTargets(inputs, targets, others);
  }

  @Override
  public Tensor logProbabilities(Tensor outputs) {
    return outputs.minus(targets).square().sum(2).times(-0.5);
  }

  @Override
  public Tensor logLikelihoodGradient(Tensor outputs, Targets wanted) {
    return switch (wanted) {
      case Targets.Given _ -> targets.minus(outputs.detach());
      case Targets.Sampled sampled -> noise(sampled, outputs);
    };
  }

  /** The gradient for targets drawn around the outputs: Gaussian noise by Box and Muller. */
  private Tensor noise(Targets.Sampled sampled, Tensor like) {
    long each = like.size(1) * like.size(2);
    Tensor pairs = sampled.uniforms(keys, 2 * each).reshape(like.size(0), each, 2);
    Tensor radius = pairs.select(2, 0).negate().plus(1).log().times(-2).sqrt();
    return radius
        .times(pairs.select(2, 1).times(2 * Math.PI).cos())
        .reshape(like.shape())
        .to(like.type());
  }

  @Override
  public Tensor lossHessian(Tensor outputs, Tensor x) {
    return x;
  }

  @Override
  public Tensor lossHessianRoot(Tensor outputs) {
    long n = outputs.size(2);
    Tensor identity = Tensors.identity(outputs.type(), outputs.device(), n);
    return identity.expand(outputs.size(0), outputs.size(1), n, n);
  }
}
