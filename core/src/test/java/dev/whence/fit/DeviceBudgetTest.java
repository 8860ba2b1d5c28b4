package dev.whence.fit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.whence.InvalidInputException;
import dev.whence.budget.LayerShape;
import dev.whence.budget.MemoryBudget;
import dev.whence.budget.ModelShape;
import dev.whence.tensor.Device;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** A GPU's memory and the machine's are budgets of their own. */
class DeviceBudgetTest {
  /** The MLP layers of Qwen2.5-3B. */
  private static final ModelShape MODEL = model();

  private static ModelShape model() {
    List<LayerShape> layers = new ArrayList<>();
    for (int block = 0; block < 36; block++) {
      layers.add(new LayerShape(block + ".gate", 11_008, 2048));
      layers.add(new LayerShape(block + ".up", 11_008, 2048));
      layers.add(new LayerShape(block + ".down", 2048, 11_008));
    }
    return new ModelShape(layers, 2048, 36, 16, 128, 151_936, 3_100_000_000L);
  }

  private static FitMemory memory(String device, String host, int blocks) {
    FitSettings settings =
        FitSettings.DEFAULT
            .withBlocks(blocks)
            .computing(c ->
                c.withDevices(List.of(new Device("cuda:0")))
                    .withMemory(MemoryBudget.parse(host))
                    .withDeviceMemory(Optional.of(MemoryBudget.parseDevice(device))));
    return FitMemory.of(MODEL, MODEL.linears(), settings, 512, false);
  }

  @Test
  void layersAreTakenInRangesThatTheDeviceHolds() {
    FitMemory little = memory("40g", "40g", 4);
    assertThat(little.split().size()).isGreaterThan(1);
    assertThat(little.split())
        .allSatisfy(range -> assertThat(little.bytes(range)).isLessThanOrEqualTo(40L << 30));
    assertThat(memory("400g", "40g", 4).split()).hasSize(1);
  }

  @Test
  void theMachineMustHoldALayerThatIsDecomposed() {
    assertThat(memory("80g", "8g", 4).hostBytes()).isLessThan(8L << 30);
    assertThatThrownBy(() -> memory("80g", "2g", 1).split())
        .isInstanceOf(InvalidInputException.class)
        .hasMessageStartingWith("--memory is 2,048 MiB but a layer's factors take ")
        .hasMessageEndingWith("beside the GPU; allow as much, or give more --blocks");
  }

  @Test
  void aDeviceTooSmallForALayerIsNamedByItsOption() {
    assertThatThrownBy(() -> memory("8g", "40g", 1).split())
        .isInstanceOf(InvalidInputException.class)
        .hasMessageStartingWith("--device-memory is 8,192 MiB but the model");
  }
}
