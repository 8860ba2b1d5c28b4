package dev.whence.cli.evaluate;

import dev.whence.Json;
import dev.whence.folder.AtomicFile;
import dev.whence.folder.Provenance;
import dev.whence.lab.evaluation.MeanInterval;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import picocli.CommandLine.Model.CommandSpec;

/**
 * Collects evaluations' results, prints them as tables and writes them with the arguments that
 * reproduce them.
 */
final class EvaluationReport {
  private final List<String> arguments;
  private final List<Object> results = new ArrayList<>();

  /** What {@code --json} writes. */
  record Saved(String whence, String created, List<String> arguments, List<Object> results) {}

  /** Starts a report of the command that is running. */
  EvaluationReport(CommandSpec command) {
    this.arguments = command.commandLine().getParseResult().originalArgs();
  }

  /** Adds a result to the file that {@link #write} writes. */
  void add(Object result) {
    results.add(result);
  }

  /** Writes all results, if a file was named. */
  void write(Optional<Path> file) throws IOException {
    if (file.isPresent()) {
      AtomicFile.write(
          file.get(),
          Json.MAPPER.writeValueAsString(
              new Saved(Provenance.VERSION, Instant.now().toString(), arguments, results)));
    }
  }

  /** A mean with its interval, for a cell of a table. */
  static String cell(MeanInterval interval) {
    return String.format(
        Locale.ROOT, "%.3f [%.3f, %.3f]", interval.mean(), interval.low(), interval.high());
  }

  /** A table's head and the line under it. */
  static void head(String... columns) {
    System.out.println("| " + String.join(" | ", columns) + " |");
    System.out.println("|" + "---|".repeat(columns.length));
  }

  static void row(String... cells) {
    System.out.println("| " + String.join(" | ", cells) + " |");
    System.out.flush();
  }
}
