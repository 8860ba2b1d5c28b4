package dev.whence.testing;

import static org.assertj.core.api.Assertions.assertThat;

import dev.whence.tensor.DType;
import dev.whence.tensor.SafetensorsFile;
import dev.whence.tensor.Scope;
import dev.whence.tensor.Tensor;

/** How near a tensor must be to its golden value. */
public final class Golden {
  private Golden() {}

  /** Asserts equality within {@code tolerance} of the largest golden value. */
  public static void assertNear(
      Tensor actual, SafetensorsFile expected, String name, double tolerance) {
    try (Scope _ = Scope.open()) {
      Tensor golden = expected.tensor(name);
      assertThat(actual.shape()).as("shape of %s", name).isEqualTo(golden.shape());
      Tensor difference = actual.to(DType.FLOAT64).minus(golden).abs().max();
      assertThat(difference.item() / golden.abs().max().item())
          .as("%s: largest difference, relative to the largest value", name)
          .isLessThan(tolerance);
    }
  }
}
