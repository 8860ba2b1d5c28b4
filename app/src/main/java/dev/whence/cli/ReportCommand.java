package dev.whence.cli;

import dev.whence.InvalidInputException;
import dev.whence.store.Library;
import dev.whence.store.ResultsStore;
import dev.whence.web.ReportPage;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Writes a report. */
@Command(
    name = "report",
    description = "Write results as one HTML file, to mail or to archive.",
    footer = {"", "Example: whence report results --query dog --query animal --out report.html"},
    mixinStandardHelpOptions = true)
final class ReportCommand implements Callable<Integer> {
  @Parameters(paramLabel = "RESULTS", description = "The folder that 'whence attribute' wrote.")
  private Path folder = Path.of("");

  @Option(
      names = "--out",
      paramLabel = "FILE",
      required = true,
      description = "The file, replaced if it is there.")
  private Path out = Path.of("report.html");

  @Option(
      names = "--query",
      paramLabel = "ID",
      description = "A query to show; may be given again (default: all).")
  private List<String> queries = List.of();

  @Option(
      names = "--count",
      paramLabel = "N",
      defaultValue = "20",
      description = "Sequences that raise each query; half as many that lower it (default: 20).")
  private int count;

  @Mixin private CacheOption cache = new CacheOption();

  @Override
  public Integer call() {
    if (count < 1 || count > 500) {
      throw new InvalidInputException("--count is " + count + " but must be from 1 to 500");
    }
    try (Library library = new Library(cache.folder())) {
      ResultsStore store = library.open(folder);
      library.index(store, new ConsoleProgress());
      ReportPage.write(library, store, queries, count, out);
    }
    System.out.println("Wrote " + out);
    return 0;
  }
}
