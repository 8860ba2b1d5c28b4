package dev.whence.lab.data;

import dev.whence.tensor.Tensor;
import dev.whence.tensor.Tensors;
import dev.whence.trace.Examples;
import dev.whence.trace.Targets;
import java.util.Arrays;
import java.util.Optional;

/**
 * Examples with real numbers to predict, by squared error: the loss {@code |y - t|^2 / 2} is, up to
 * a constant, the negative log-likelihood of a Gaussian of unit variance around the output y.
 *
 * @param inputs [batch, positions, features]
 * @param targets t, [batch, positions, outputs]
 */
public record RealTargets(Tensor inputs, Tensor targets, long[] keys) implements Examples {
  @Override
  public Optional<Tensor> real() {
    return Optional.empty();
  }

  @Override
  public RealTargets narrow(int first, int count) {
    return new RealTargets(
        inputs.narrow(0, first, count),
        targets.narrow(0, first, count),
        Arrays.copyOfRange(keys, first, first + count));
  }

  @Override
  public RealTargets withKeys(long... others) {
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
    int each = (int) (like.size(1) * like.size(2));
    double[] values = new double[keys.length * each];
    for (int b = 0; b < keys.length; b++) {
      for (int k = 0; k < each; k++) {
        double radius = Math.sqrt(-2 * Math.log1p(-sampled.uniform(keys[b], 2 * k)));
        values[b * each + k] = radius * Math.cos(2 * Math.PI * sampled.uniform(keys[b], 2 * k + 1));
      }
    }
    return Tensors.of(values, like.shape()).to(like.type()).to(like.device());
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
