package dev.whence.budget;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.whence.InvalidInputException;
import dev.whence.tensor.Device;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class ComputeTest {
  private static final List<Device> GPU = List.of(new Device("cuda:0"));
  private static final MemoryBudget FORTY = MemoryBudget.parseDevice("40g");

  @Test
  void tensorsAreWhereTheDeviceIs() {
    assertThat(Compute.DEFAULT.working()).isEqualTo(Compute.DEFAULT.memory());
    Compute gpu = Compute.DEFAULT.withDevices(GPU).withDeviceMemory(Optional.of(FORTY));
    assertThat(gpu.working()).isEqualTo(FORTY);
    assertThat(gpu.working().option()).isEqualTo("--device-memory");
  }

  @Test
  void severalOnTheCpuShareItsMemory() {
    Compute two =
        Compute.DEFAULT
            .withDevices(List.of(Device.CPU, Device.CPU))
            .withMemory(new MemoryBudget(1000));
    assertThat(two.working().bytes()).isEqualTo(500);
    assertThat(two.device()).isEqualTo(Device.CPU);
  }

  @Test
  void whatIsForGpusIsRefusedOnTheCpu() {
    assertThatThrownBy(() -> Compute.DEFAULT.withTf32(true))
        .isInstanceOf(InvalidInputException.class)
        .hasMessage("--tf32 is for GPUs, and --device is cpu; leave one of them out");
    assertThatThrownBy(() -> Compute.DEFAULT.withDeviceMemory(Optional.of(FORTY)))
        .isInstanceOf(InvalidInputException.class)
        .hasMessage("--device-memory is for GPUs, and --device is cpu; give --memory");
    assertThatThrownBy(() -> Compute.DEFAULT.withDevices(List.of(new Device("cuda:0"), Device.CPU)))
        .isInstanceOf(InvalidInputException.class)
        .hasMessage("--device names cpu beside GPUs; give one kind");
  }
}
