package dev.whence.tensor;

import dev.whence.InvalidInputException;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;
import org.bytedeco.pytorch.global.torch;

/**
 * Where tensors live and are computed.
 *
 * @param name {@code cpu} or {@code cuda:1}; {@code cuda} is the first GPU
 */
public record Device(String name) {
  private static final Pattern NAME = Pattern.compile("cpu|cuda(:\\d{1,2})?");
  public static final Device CPU = new Device("cpu");

  public Device {
    if (!NAME.matcher(name).matches()) {
      throw new InvalidInputException(
          "unknown device '" + name + "': use cpu, cuda:0 for the first GPU, or auto");
    }
    name = name.equals("cuda") ? "cuda:0" : name;
  }

  /**
   * Reads a list of devices: {@code cpu}, {@code cuda:0,cuda:1}, or {@code auto} for the first GPU
   * where there is one and the CPU elsewhere.
   *
   * @throws InvalidInputException when one is not known
   */
  public static List<Device> parse(String text) {
    return Arrays.stream(text.split(",", -1))
        .map(String::strip)
        .map(name ->
            name.equals("auto")
                ? new Device(torch.cuda_is_available() ? "cuda:0" : "cpu")
                : new Device(name))
        .toList();
  }

  /** A GPU's index on its machine. */
  byte index() {
    return Byte.parseByte(name.substring(name.indexOf(':') + 1));
  }

  public boolean isCpu() {
    return name.equals("cpu");
  }

  /** Whether this machine and this build of libtorch have it. */
  public boolean isAvailable() {
    return isCpu() || (torch.cuda_is_available() && index() < torch.cuda_device_count());
  }

  /**
   * This device, if this machine and this build of libtorch have it.
   *
   * @throws InvalidInputException when they do not
   */
  public Device require() {
    if (!isAvailable() && !torch.cuda_is_available()) {
      throw new InvalidInputException(
          "device '"
              + name
              + "' is not available: build with -Pgpu on a machine with CUDA, or use --device cpu");
    }
    if (!isAvailable()) {
      throw new InvalidInputException(
          "device '%s' is not there: this machine has %d, from cuda:0"
              .formatted(name, torch.cuda_device_count()));
    }
    if (!isCpu()) {
      DeviceMemory.use();
    }
    return this;
  }

  @Override
  public String toString() {
    return name;
  }
}
