package dev.whence.cli;

import dev.whence.InvalidInputException;
import dev.whence.results.ResultsFolder;
import dev.whence.results.ResultsFolder.StoredQuery;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Prints the most influential sequences. */
@Command(
    name = "top",
    description = "Show the sequences that influence the queries most, tokens shaded by influence.",
    footer = {
      "",
      "Example: whence top results --query dog --count 5",
      "Red (or [+..+]) raises the completion's probability, teal (or [-..-]) lowers it. A token is",
      "shaded for what the prediction after it contributes."
    },
    mixinStandardHelpOptions = true)
final class TopCommand implements Callable<Integer> {
  @Parameters(paramLabel = "RESULTS", description = "The folder that 'whence attribute' wrote.")
  private Path folder = Path.of("");

  @Option(names = "--query", paramLabel = "ID", description = "Only this query (default: all).")
  private Optional<String> queryId = Optional.empty();

  @Option(
      names = "--count",
      paramLabel = "N",
      defaultValue = "10",
      description = "Sequences of each sign (default: 10).")
  private int count;

  @Option(
      names = "--by-token",
      description =
          "Each token of the completions by itself, where 'attribute --by-token' was run.")
  private boolean byToken;

  @Mixin private TrainingSequencesOption trainingSequences = new TrainingSequencesOption();

  @Option(names = "--json", description = "Print one JSON object a sequence, for scripts.")
  private boolean json;

  @Override
  public Integer call() {
    if (count < 1) {
      throw new InvalidInputException("--count is " + count + " but must be at least 1");
    }
    ResultsFolder results = ResultsFolder.open(folder);
    List<StoredQuery> queries =
        queryId.map(id -> List.of(results.requireQuery(id))).orElseGet(results::queries);
    if (queries.isEmpty()) {
      throw new InvalidInputException(
          folder + " holds no queries, only self-influence in scores.safetensors");
    }
    if (byToken && !results.isByToken()) {
      throw new InvalidInputException(
          folder + " has no influences by token; attribute again with --by-token");
    }
    ResultsPrinter printer =
        new ResultsPrinter(
            System.out,
            Shading.forTerminal(ConsoleProgress.onTerminal(), System.getenv()),
            trainingSequences.of(results));
    for (StoredQuery query : queries) {
      if (json) {
        printJson(results, query);
      } else if (byToken) {
        printer.printByToken(results, query, count);
      } else {
        printer.print(results, query, count, count);
      }
    }
    return 0;
  }

  private void printJson(ResultsFolder results, StoredQuery query) {
    List<Optional<Integer>> parts = new ArrayList<>();
    parts.add(Optional.empty());
    if (byToken) {
      results.completionTokens(query.id()).forEach(token -> parts.add(Optional.of(token.index())));
    }
    for (Optional<Integer> part : parts) {
      List<ResultsFolder.Influence> list = new ArrayList<>();
      list.addAll(results.raising(query.id(), part, count));
      list.addAll(results.lowering(query.id(), part, count));
      for (ResultsFolder.Influence influence : list) {
        Listing.printJson(influence);
      }
    }
  }
}
