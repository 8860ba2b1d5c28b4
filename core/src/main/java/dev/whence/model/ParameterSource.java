package dev.whence.model;

import dev.whence.tensor.Tensor;

/** Where a model's parameters come from: a checkpoint, or a random start. */
@FunctionalInterface
public interface ParameterSource {
  /**
   * The parameter of this name, owned by the caller.
   *
   * @throws dev.whence.InvalidInputException when there is none, or it has another shape or a value
   *     that is not finite
   */
  Tensor parameter(String name, long... shape);

  /** Gives up a parameter that turned out to be another's copy, if it was taken. */
  default void forget(String name) {}

  /** Whether there is a parameter of this name, where that is known before it is asked for. */
  default boolean has(String name) {
    return false;
  }
}
