package dev.whence.model;

import dev.whence.tensor.Tensor;
import dev.whence.tensor.Tensors;
import java.util.Random;

/** Tensors for tests, uniform from -1 to 1, in float64. */
public final class RandomTensors {
  private RandomTensors() {}

  public static Tensor of(Random random, long... shape) {
    long size = 1;
    for (long n : shape) {
      size *= n;
    }
    return Tensors.of(random.doubles(size, -1, 1).toArray(), shape);
  }
}
