package dev.whence.cli;

import dev.whence.InvalidInputException;
import dev.whence.tensor.Device;
import java.util.List;
import picocli.CommandLine.Option;

/** Where tensors are computed. */
public final class DeviceOption {
  @Option(
      names = "--device",
      paramLabel = "DEVICE",
      defaultValue = "cpu",
      description =
          "cpu, cuda:0 for the first GPU, or auto for a GPU where there is one (default: cpu)."
              + " 'fit' and 'attribute' take several, cuda:0,cuda:1, and share the sequences out.")
  private String names = "cpu";

  /** All that are named. */
  public List<Device> devices() {
    return Device.parse(names);
  }

  /**
   * The only one that is named.
   *
   * @throws InvalidInputException when there are several
   */
  public Device device() {
    List<Device> all = devices();
    if (all.size() > 1) {
      throw new InvalidInputException(
          "--device names several, which only 'fit' and 'attribute' share their work among; give one");
    }
    return all.getFirst();
  }
}
