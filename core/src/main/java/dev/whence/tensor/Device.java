package dev.whence.tensor;

import dev.whence.InvalidInputException;
import java.util.regex.Pattern;
import org.bytedeco.pytorch.global.torch;

/**
 * Where tensors live and are computed.
 *
 * @param name {@code cpu}, {@code cuda} or {@code cuda:1}
 */
public record Device(String name) {
  private static final Pattern NAME = Pattern.compile("cpu|cuda(:\\d{1,2})?");
  public static final Device CPU = new Device("cpu");

  public Device {
    if (!NAME.matcher(name).matches()) {
      throw new InvalidInputException(
          "unknown device '" + name + "': use cpu, or cuda:0 for the first GPU");
    }
  }

  public boolean isCpu() {
    return name.equals("cpu");
  }

  /**
   * This device, if this machine and this build of libtorch have it.
   *
   * @throws InvalidInputException when they do not
   */
  public Device require() {
    if (!isCpu() && !torch.cuda_is_available()) {
      throw new InvalidInputException(
          "device '"
              + name
              + "' is not available: build with -Pgpu on a machine with CUDA, or use --device cpu");
    }
    return this;
  }

  @Override
  public String toString() {
    return name;
  }
}
