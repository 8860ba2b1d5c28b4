package dev.whence.model;

import dev.whence.InvalidInputException;
import dev.whence.tensor.DType;
import dev.whence.tensor.Device;
import dev.whence.tensor.Tensor;
import java.util.List;
import java.util.Optional;

/**
 * What curvature and influence need of a model: a function of examples with linear layers in it.
 * Any number of threads may run it while none writes to its parameters.
 */
public interface Model {
  /**
   * The function.
   *
   * @param inputs what is read; the first dimension is the batch
   * @param tap sees every use of a linear layer
   * @return what the examples' likelihood takes, [batch, positions, outputs]
   */
  Tensor outputs(Tensor inputs, Tap tap);

  /** All linear layers, in the order in which a forward pass uses them. */
  List<Linear> linears();

  DType type();

  Device device();

  /** The layer of this name, if there is one. */
  default Optional<Linear> linear(String name) {
    return linears().stream().filter(l -> l.name().equals(name)).findFirst();
  }

  /**
   * The layers of these names, in this order.
   *
   * @throws InvalidInputException when there is no such layer
   */
  default List<Linear> linears(List<String> names) {
    return names.stream()
        .map(name ->
            linear(name)
                .orElseThrow(() ->
                    new InvalidInputException(
                        "the model lacks the layer " + name + " that the run was fitted to")))
        .toList();
  }
}
