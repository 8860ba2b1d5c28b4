package dev.whence.model;

import dev.whence.InvalidInputException;
import dev.whence.tensor.DType;
import dev.whence.tensor.Device;
import dev.whence.tensor.Tensor;
import dev.whence.tensor.Tensors;
import java.util.Random;
import java.util.Set;

/**
 * Parameters before training, as GPT-2's authors chose them: matrices normal with the config's
 * {@code initializer_range}, those that write to the residual stream smaller by {@code sqrt(2 *
 * layers)}, biases zero, norms one. A parameter depends on the seed and its name alone.
 */
final class RandomStart implements ParameterSource {
  private static final Set<String> RESIDUAL_WRITERS =
      Set.of("o_proj", "down_proj", "c_proj", "dense", "dense_4h_to_h");

  private final long seed;
  private final double deviation;
  private final int layers;
  private final DType type;
  private final Device device;

  RandomStart(Config config, long seed, DType type, Device device) {
    this.seed = seed;
    this.deviation = config.number("initializer_range", 0.02);
    this.layers = config.size("num_hidden_layers", config.size("n_layer", 1));
    this.type = type;
    this.device = device;
  }

  @Override
  public Tensor parameter(String name, long... shape) {
    Tensor value;
    if (name.endsWith(".bias")) {
      value = Tensors.zeros(type, device, shape);
    } else if (shape.length == 1) {
      value = Tensors.ones(type, device, shape);
    } else {
      String[] path = name.split("\\.");
      boolean residual = RESIDUAL_WRITERS.contains(path[path.length - 2]);
      double scale = residual ? deviation / Math.sqrt(2.0 * layers) : deviation;
      Random random = new Random(seed * 0x9E3779B97F4A7C15L + name.hashCode());
      float[] values = new float[size(name, shape)];
      for (int i = 0; i < values.length; i++) {
        values[i] = (float) (random.nextGaussian() * scale);
      }
      value = Tensors.of(values, shape).to(type).to(device);
    }
    return value.keep();
  }

  private static int size(String name, long... shape) {
    long size = Math.multiplyExact(shape[0], shape[1]);
    if (size > Integer.MAX_VALUE) {
      throw new InvalidInputException(
          "the config calls for a parameter '"
              + name
              + "' of "
              + size
              + " numbers, too many to train");
    }
    return (int) size;
  }
}
