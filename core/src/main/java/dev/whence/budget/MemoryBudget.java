package dev.whence.budget;

import com.sun.management.OperatingSystemMXBean;
import dev.whence.InvalidInputException;
import java.lang.management.ManagementFactory;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * How much memory a run may take. It decides what is kept and what is computed again, never a
 * result.
 */
public record MemoryBudget(long bytes) {
  private static final Pattern SIZE = Pattern.compile("(\\d{1,12})\\s*([kmgt]?)i?b?");

  /** A number of bytes up to this is one of gigabytes whose unit was forgotten. */
  private static final long MOST_GIGABYTES = 4096;

  public MemoryBudget {
    if (bytes < 1) {
      throw new InvalidInputException("--memory is " + bytes + " but must be at least 1 byte");
    }
  }

  /** Three quarters of what this machine, or its container, has. */
  public static MemoryBudget ofMachine() {
    var system = ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);
    return new MemoryBudget(system.getTotalMemorySize() / 4 * 3);
  }

  /**
   * Reads a size: {@code 800m}, {@code 16g}, or bytes.
   *
   * @throws InvalidInputException when it is none
   */
  public static MemoryBudget parse(String text) {
    Matcher matcher = SIZE.matcher(text.strip().toLowerCase(Locale.ROOT));
    if (!matcher.matches()) {
      throw new InvalidInputException(
          "--memory is '" + text + "' but must be a size such as 800m or 16g");
    }
    int shift = matcher.group(2).isEmpty() ? 0 : 10 * (1 + "kmgt".indexOf(matcher.group(2)));
    long count = Long.parseLong(matcher.group(1));
    if (matcher.group(2).isEmpty() && count > 0 && count <= MOST_GIGABYTES) {
      throw new InvalidInputException(
          "--memory is %d bytes; did you mean %dg?".formatted(count, count));
    }
    if (count > Long.MAX_VALUE >> shift) {
      throw new InvalidInputException("--memory is '" + text + "', more than can be counted");
    }
    return new MemoryBudget(count << shift);
  }
}
