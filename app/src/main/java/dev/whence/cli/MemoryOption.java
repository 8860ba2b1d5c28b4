package dev.whence.cli;

import dev.whence.budget.MemoryBudget;
import java.util.Optional;
import picocli.CommandLine.Option;

/** How much memory the work may take. */
public final class MemoryOption {
  @Option(
      names = "--memory",
      paramLabel = "SIZE",
      description =
          "Memory to stay within, such as 16g (default: three quarters of the machine's). With less,"
              + " layers or queries are taken in turn.")
  private Optional<String> size = Optional.empty();

  @Option(
      names = "--device-memory",
      paramLabel = "SIZE",
      description = "Of a GPU's memory to stay within (default: what is free).")
  private Optional<String> deviceSize = Optional.empty();

  Optional<MemoryBudget> deviceBudget() {
    return deviceSize.map(MemoryBudget::parseDevice);
  }

  MemoryBudget budget() {
    return size.map(MemoryBudget::parse).orElseGet(MemoryBudget::ofMachine);
  }
}
