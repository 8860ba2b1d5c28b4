package dev.whence.lab.training;

import dev.whence.tensor.Autograd;
import dev.whence.tensor.DType;
import dev.whence.tensor.Scope;
import dev.whence.tensor.Tensor;
import dev.whence.tensor.Tensors;
import java.util.ArrayList;
import java.util.List;

/**
 * Adam with decoupled weight decay (Loshchilov and Hutter 2019). Written out so that its state can
 * be saved beside the weights.
 */
public final class AdamW implements AutoCloseable {
  private static final double BETA1 = 0.9;
  private static final double BETA2 = 0.95;
  private static final double EPSILON = 1e-8;

  private final List<Tensor> parameters;
  private final List<Tensor> means = new ArrayList<>();
  private final List<Tensor> squares = new ArrayList<>();
  private final double weightDecay;
  private final double clip;

  public AdamW(List<Tensor> parameters, double weightDecay, double clip) {
    this.parameters = parameters;
    this.weightDecay = weightDecay;
    this.clip = clip;
    try (Scope _ = Scope.open()) {
      for (Tensor p : parameters) {
        means.add(Tensors.zeros(p.type(), p.device(), p.shape()).keep());
        squares.add(Tensors.zeros(p.type(), p.device(), p.shape()).keep());
      }
    }
  }

  /** Running means of the gradients, in the parameters' order. */
  List<Tensor> means() {
    return means;
  }

  /** Running means of the squared gradients, in the parameters' order. */
  List<Tensor> squares() {
    return squares;
  }

  /**
   * Moves the parameters against their gradients.
   *
   * @param step counted from 0
   * @return the norm of the whole gradient before clipping
   */
  public double step(List<Tensor> gradients, long step, double rate) {
    double norm =
        Tensors.stack(gradients.stream().map(g -> g.square().sum()).toList(), 0)
            .to(DType.FLOAT64)
            .sum()
            .sqrt()
            .item();
    double scale = norm > clip ? clip / norm : 1;
    double correction1 = 1 - Math.pow(BETA1, step + 1.0);
    double correction2 = 1 - Math.pow(BETA2, step + 1.0);
    Autograd.unrecorded(() -> {
      for (int i = 0; i < parameters.size(); i++) {
        Tensor p = parameters.get(i);
        Tensor g = gradients.get(i);
        Tensor m = means.get(i).timesInPlace(BETA1).plusInPlace(g, (1 - BETA1) * scale);
        Tensor v =
            squares
                .get(i)
                .timesInPlace(BETA2)
                .plusElementwiseInPlace(g, g, (1 - BETA2) * scale * scale);
        Tensor deviation = v.over(correction2).sqrtInPlace().plus(EPSILON);
        if (p.dimensions() > 1) {
          p.timesInPlace(1 - rate * weightDecay);
        }
        p.plusQuotientInPlace(m, deviation, -rate / correction1);
      }
    });
    return norm;
  }

  @Override
  public void close() {
    means.forEach(Tensor::close);
    squares.forEach(Tensor::close);
  }
}
