package dev.whence.testing;

import static org.assertj.core.api.Assertions.assertThat;

import dev.whence.tensor.DType;
import dev.whence.tensor.Device;
import dev.whence.tensor.Scope;
import dev.whence.tensor.Tensor;
import dev.whence.tensor.Tensors;
import org.junit.jupiter.api.Test;

class NativeLeakDetectorTest {
  @Test
  void aTensorIsToldFromWhatIsNone() {
    NativeObjects before = NativeObjects.afterCollection();
    Tensor kept;
    try (Scope _ = Scope.open()) {
      kept = Tensors.zeros(DType.FLOAT32, Device.CPU, 2).keep();
      assertThat(NativeObjects.alive().tensors()).isEqualTo(before.tensors() + 1);
      assertThat(NativeObjects.alive().others()).as("a shape's options").isGreaterThan(0);
    }
    assertThat(NativeObjects.afterCollection())
        .isEqualTo(new NativeObjects(before.tensors() + 1, before.others()));
    kept.close();
    assertThat(NativeObjects.alive()).isEqualTo(before);
  }
}
