package dev.whence.model;

import dev.whence.tensor.Functions;
import dev.whence.tensor.Tensor;
import java.util.function.UnaryOperator;

/** Normalisation over the last dimension. */
@FunctionalInterface
interface Norm extends UnaryOperator<Tensor> {
  static Norm rms(Tensor weight, double epsilon) {
    return x -> Functions.rmsNorm(x, weight, epsilon);
  }

  static Norm layer(Tensor weight, Tensor bias, double epsilon) {
    return x -> Functions.layerNorm(x, weight, bias, epsilon);
  }
}
