package dev.whence.lab.model;

import dev.whence.model.Linear;
import dev.whence.tensor.DType;
import dev.whence.tensor.Device;
import dev.whence.tensor.Scope;
import dev.whence.tensor.Tensor;
import dev.whence.tensor.Tensors;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * Makes a model's layers, each a matrix of its own with the bias as last column, from one stream of
 * random numbers. Weights are uniform with variance {@code gain / inputs}, biases zero.
 */
final class Layers {
  private final Random random;
  private final DType type;
  private final List<Linear> linears = new ArrayList<>();

  Layers(long seed, DType type) {
    this.random = new Random(seed);
    this.type = type;
  }

  /**
   * Adds a layer and draws its weights.
   *
   * @param gain factor on the weights' variance: 1 preserves the variance of the input, 2
   *     compensates for a ReLU that follows
   */
  Linear linear(String name, int in, int out, double gain) {
    double[] values = new double[out * (in + 1)];
    double limit = Math.sqrt(3 * gain / in);
    for (int o = 0; o < out; o++) {
      for (int i = 0; i < in; i++) {
        values[o * (in + 1) + i] = limit * (2 * random.nextDouble() - 1);
      }
    }
    try (Scope _ = Scope.open()) {
      Tensor matrix = Tensors.of(values, out, in + 1).to(type);
      linears.add(Linear.of(name, Linear.Role.MLP, matrix, true).keep());
    }
    return linears.getLast();
  }

  Device device() {
    return Device.CPU;
  }

  DType type() {
    return type;
  }

  List<Linear> linears() {
    return linears;
  }

  void close() {
    linears.forEach(Linear::close);
  }
}
