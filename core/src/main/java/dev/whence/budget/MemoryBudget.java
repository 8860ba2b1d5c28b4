package dev.whence.budget;

import com.sun.management.OperatingSystemMXBean;
import dev.whence.InvalidInputException;
import dev.whence.tensor.Device;
import dev.whence.tensor.DeviceMemory;
import java.lang.management.ManagementFactory;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * How much memory a run may take, of the machine or of a GPU. It decides what is kept and what is
 * computed again, never a result.
 *
 * @param option by which the user gives it
 */
public record MemoryBudget(long bytes, String option) {
  private static final String MEMORY = "--memory";
  private static final String DEVICE_MEMORY = "--device-memory";

  /** So many tenths of what is free on a GPU are taken: libraries need room of their own. */
  public static final int DEVICE_TENTHS = 9;

  private static final Pattern SIZE = Pattern.compile("(\\d{1,12})\\s*([kmgt]?)i?b?");

  /** A number of bytes up to this is one of gigabytes whose unit was forgotten. */
  private static final long MOST_GIGABYTES = 4096;

  public MemoryBudget {
    if (bytes < 1) {
      throw new InvalidInputException(option + " is " + bytes + " but must be at least 1 byte");
    }
  }

  /** So much of the machine's memory. */
  public MemoryBudget(long bytes) {
    this(bytes, MEMORY);
  }

  /** Three quarters of what this machine, or its container, has. */
  public static MemoryBudget ofMachine() {
    var system = ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);
    return new MemoryBudget(system.getTotalMemorySize() / 4 * 3);
  }

  /** What may be taken of what is free on a GPU. */
  public static MemoryBudget ofDevice(Device device) {
    return new MemoryBudget(
        DeviceMemory.available(device.require()) / 10 * DEVICE_TENTHS, DEVICE_MEMORY);
  }

  /**
   * Reads a size of the machine's memory: {@code 800m}, {@code 16g}, or bytes.
   *
   * @throws InvalidInputException when it is none
   */
  public static MemoryBudget parse(String text) {
    return parse(text, MEMORY);
  }

  /** Reads a size of a GPU's memory as {@link #parse} does. */
  public static MemoryBudget parseDevice(String text) {
    return parse(text, DEVICE_MEMORY);
  }

  private static MemoryBudget parse(String text, String option) {
    Matcher matcher = SIZE.matcher(text.strip().toLowerCase(Locale.ROOT));
    if (!matcher.matches()) {
      throw new InvalidInputException(
          option + " is '" + text + "' but must be a size such as 800m or 16g");
    }
    int shift = matcher.group(2).isEmpty() ? 0 : 10 * (1 + "kmgt".indexOf(matcher.group(2)));
    long count = Long.parseLong(matcher.group(1));
    if (matcher.group(2).isEmpty() && count > 0 && count <= MOST_GIGABYTES) {
      throw new InvalidInputException(
          "%s is %d bytes; did you mean %dg?".formatted(option, count, count));
    }
    if (count > Long.MAX_VALUE >> shift) {
      throw new InvalidInputException(option + " is '" + text + "', more than can be counted");
    }
    return new MemoryBudget(count << shift, option);
  }
}
