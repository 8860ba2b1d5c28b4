package dev.whence.lab.model;

import dev.whence.model.Linear;
import dev.whence.model.Tap;
import dev.whence.tensor.Functions;
import dev.whence.tensor.Tensor;

/**
 * A 2-D convolution as a linear layer that reads the patch under its kernel at every place: places
 * are then positions, as tokens are, and the Kronecker factors are those of Grosse and Martens
 * (2016), "A Kronecker-factored approximate Fisher matrix for convolution layers".
 *
 * @param linear [out, channels * kernel * kernel + 1]
 * @param padding zeros on each side
 */
record Convolution(Linear linear, int kernel, int stride, int padding) {
  /** Makes a convolution with a bias, padded by half the kernel. */
  static Convolution of(
      Layers layers, String name, int in, int out, int kernel, int stride, double gain) {
    Linear linear = layers.linear(name, in * kernel * kernel, out, gain);
    return new Convolution(linear, kernel, stride, kernel / 2);
  }

  /** [batch, channels, height, width] to [batch, out, height / stride, width / stride]. */
  Tensor apply(Tensor x, Tap tap) {
    Tensor patches = Functions.patches(x, kernel, stride, padding).transpose(1, 2);
    Tensor y = linear.apply(patches, tap); // [batch, places, out]
    long height = (x.size(2) + 2L * padding - kernel) / stride + 1;
    return y.transpose(1, 2).reshape(y.size(0), y.size(2), height, y.size(1) / height);
  }
}
