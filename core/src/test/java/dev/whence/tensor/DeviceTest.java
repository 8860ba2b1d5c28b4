package dev.whence.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.whence.InvalidInputException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DeviceTest {
  @Test
  void namesAreReadOneByOne() {
    assertThat(Device.parse("cpu")).containsExactly(Device.CPU);
    assertThat(Device.parse("cuda")).containsExactly(new Device("cuda:0"));
    assertThat(Device.parse("cuda:0, cuda:1"))
        .containsExactly(new Device("cuda:0"), new Device("cuda:1"));
    assertThat(new Device("cuda:12").index()).isEqualTo((byte) 12);
  }

  @Test
  void autoIsADeviceThatIsThere() {
    List<Device> found = Device.parse("auto");
    assertThat(found).hasSize(1);
    assertThat(found.getFirst().require()).isEqualTo(found.getFirst());
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "gpu", "cuda:", "cuda:x", "cpu,", "cuda:0;cuda:1", "CPU"})
  void othersAreRefused(String name) {
    assertThatThrownBy(() -> Device.parse(name))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageStartingWith("unknown device '")
        .hasMessageEndingWith("use cpu, cuda:0 for the first GPU, or auto");
  }

  @Test
  void aGpuThatIsNotThereIsNotAvailable() {
    Device last = new Device("cuda:99");
    assertThat(last.isAvailable()).isFalse();
    assertThatThrownBy(last::require)
        .isInstanceOf(InvalidInputException.class)
        .hasMessageStartingWith("device 'cuda:99' is not ");
  }
}
