package dev.whence.trace;

import dev.whence.tensor.Tensor;
import java.util.Optional;

/** Other examples with another likelihood: the same inputs, keys and padding. */
public interface ExamplesView extends Examples {
  /** Those that are viewed. */
  Examples examples();

  @Override
  default Tensor inputs() {
    return examples().inputs();
  }

  @Override
  default Tensor keys() {
    return examples().keys();
  }

  @Override
  default long realPositions() {
    return examples().realPositions();
  }

  @Override
  default Optional<Tensor> real() {
    return examples().real();
  }
}
