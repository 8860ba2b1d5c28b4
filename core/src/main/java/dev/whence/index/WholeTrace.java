package dev.whence.index;

import dev.whence.InvalidInputException;
import dev.whence.model.Linear;
import dev.whence.tensor.Tensor;
import dev.whence.tensor.Tensors;
import dev.whence.trace.Trace;
import dev.whence.trace.Trace.Use;
import java.util.ArrayList;
import java.util.List;

/**
 * The trace itself, of which nothing is lost: each layer's input and output gradient, one after the
 * other.
 */
record WholeTrace(List<Linear> layers) implements PositionNumbers {

  /** How many numbers a position has. */
  static int count(List<Linear> layers) {
    return layers.stream().mapToInt(layer -> layer.inputs() + layer.outputs()).sum();
  }

  @Override
  public Tensor of(Trace trace) {
    List<Tensor> parts = new ArrayList<>();
    for (int l = 0; l < layers.size(); l++) {
      List<Use> uses = trace.uses(l);
      if (uses.size() > 1) {
        throw new InvalidInputException(
            "--components all cannot keep layer %s, which the model uses more than once; give a number"
                .formatted(layers.get(l).name()));
      }
      parts.add(uses.getFirst().input());
      parts.add(uses.getFirst().gradient());
    }
    return Tensors.cat(parts, 2);
  }

  /**
   * The layers' inputs and gradients of some positions.
   *
   * @param numbers [1, positions, count]
   */
  static List<Use> uses(List<Linear> layers, Tensor numbers) {
    List<Use> uses = new ArrayList<>();
    long at = 0;
    for (Linear layer : layers) {
      uses.add(
          new Use(
              numbers.narrow(2, at, layer.inputs()),
              numbers.narrow(2, at + layer.inputs(), layer.outputs())));
      at += (long) layer.inputs() + layer.outputs();
    }
    return uses;
  }

  @Override
  public void close() {}
}
