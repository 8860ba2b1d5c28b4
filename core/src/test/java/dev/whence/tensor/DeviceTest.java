package dev.whence.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.whence.InvalidInputException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DeviceTest {
  @ParameterizedTest
  @ValueSource(strings = {"", "CPU", "cpu:0", "gpu", "cuda:", "cuda:-1", "cuda:100", "cuda:0 "})
  void unknownDeviceIsRefusedByName(String name) {
    assertThatThrownBy(() -> new Device(name))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("'" + name + "'");
  }

  @Test
  void cpuIsAlwaysThere() {
    assertThat(Device.CPU.require()).isEqualTo(new Device("cpu"));
    assertThat(Device.CPU.isCpu()).isTrue();
    assertThat(new Device("cuda:1").isCpu()).isFalse();
  }

  @Test
  void nativeErrorIsItsFirstLineAlone() {
    assertThat(NativeErrors.firstLine(new RuntimeException("cause \nException raised from x.cpp")))
        .isEqualTo("cause");
    assertThat(NativeErrors.firstLine(new IllegalStateException()))
        .isEqualTo("IllegalStateException");
    assertThat(NativeErrors.firstLine(new IllegalStateException(""))).isEmpty();
  }

  @Test
  void onlyMemoryErrorsAreOutOfMemory() {
    assertThat(NativeErrors.isOutOfMemory(new OutOfMemoryError())).isTrue();
    assertThat(NativeErrors.isOutOfMemory(new RuntimeException("CUDA out of memory."))).isTrue();
    assertThat(NativeErrors.isOutOfMemory(new RuntimeException("shape mismatch"))).isFalse();
    assertThat(NativeErrors.isOutOfMemory(new RuntimeException())).isFalse();
  }

  @Test
  void allocationThatCannotSucceedIsOutOfMemory() {
    try (Scope _ = Scope.open()) {
      assertThatThrownBy(() -> Tensors.zeros(DType.FLOAT64, Device.CPU, 1L << 50))
          .matches(NativeErrors::isOutOfMemory);
    }
  }
}
