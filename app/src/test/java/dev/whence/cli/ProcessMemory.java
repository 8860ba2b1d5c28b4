package dev.whence.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** What Linux says of a process's memory. */
final class ProcessMemory {
  private ProcessMemory() {}

  /**
   * Bytes of a field of {@code /proc/PROCESS/status}.
   *
   * @param process its number, or {@code self}
   * @throws IOException when the process has ended, or this is not Linux
   */
  static long bytes(String process, String field) throws IOException {
    Path status = Path.of("/proc", process, "status");
    for (String line : Files.readAllLines(status)) {
      if (line.startsWith(field + ":")) {
        return Long.parseLong(line.replaceAll("\\D", "")) << 10;
      }
    }
    throw new IOException(status + " has no " + field);
  }
}
