package dev.whence.cli.evaluate;

import dev.whence.InvalidInputException;
import dev.whence.cli.ComputeOptions;
import dev.whence.cli.ConsoleProgress;
import dev.whence.cli.CorpusOptions;
import dev.whence.corpus.Corpus;
import dev.whence.corpus.Query;
import dev.whence.curvature.CurvatureKind;
import dev.whence.lab.dictionary.EntryQueries;
import dev.whence.lab.evaluation.FilterRecall;
import dev.whence.lab.evaluation.FilterStudy;
import dev.whence.lab.evaluation.MeanInterval;
import dev.whence.model.LanguageModel;
import dev.whence.run.RunFolder;
import dev.whence.store.ModelFolder;
import dev.whence.tensor.DType;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** The filter's recall of the most influential sequences, and the time that it saves. */
@Command(
    name = "filter",
    description =
        "Score everything, then see which share of each query's strongest sequences a filter keeps,"
            + " and how much time it saves.",
    footer = {
      "",
      "Example: whence evaluate filter quickstart/run --corpus quickstart/dictionary.jsonl"
          + " --json filter.json",
      "Without --queries it asks with dictionary entries, as 'whence evaluate recall' does."
    },
    mixinStandardHelpOptions = true)
final class EvaluateFilterCommand implements Callable<Integer> {
  @Spec private CommandSpec spec = CommandSpec.create();

  @Parameters(paramLabel = "RUN", description = "The folder that 'whence fit' wrote.")
  private Path runFolder = Path.of("");

  @Mixin private CorpusOptions corpus = new CorpusOptions();
  @Mixin private ComputeOptions compute = new ComputeOptions();

  @Option(names = "--queries", paramLabel = "FILE", description = "The queries, JSONL.")
  private Optional<Path> queryFile = Optional.empty();

  @Option(
      names = "--count",
      paramLabel = "N",
      defaultValue = "100",
      description = "Without --queries: dictionary entries to ask with (default: 100).")
  private int count;

  @Option(names = "--seed", defaultValue = "0", description = "Draws the entries (default: 0).")
  private long seed;

  @Option(
      names = "--candidates",
      paramLabel = "N",
      split = ",",
      defaultValue = "100,1000,10000",
      description = "How many each query keeps (default: 100,1000,10000).")
  private List<Integer> candidates = List.of();

  @Option(
      names = "--curvature",
      paramLabel = "KIND",
      defaultValue = "ekfac",
      description = "ekfac, kfac, diagonal or identity (default: ekfac).")
  private CurvatureKind curvature = CurvatureKind.EKFAC;

  @Option(
      names = "--json",
      paramLabel = "FILE",
      description = "Also write the table and every query's shares here.")
  private Optional<Path> json = Optional.empty();

  @Override
  public Integer call() throws IOException {
    corpus.checkFirst(Map.of("--json", json));
    for (int n : candidates) {
      if (n < 1) {
        throw new InvalidInputException("--candidates has " + n + " but all must be at least 1");
      }
    }
    EvaluationReport evaluation = new EvaluationReport(spec);
    RunFolder run = RunFolder.open(runFolder);
    Path folder = Path.of(run.manifest().model().folder());
    run.verifiedModel(LanguageModel.files(folder));
    DType type = run.manifest().precision();
    ConsoleProgress progress = new ConsoleProgress();
    try (ModelFolder model =
            ModelFolder.open(
                folder,
                corpus.endTokens(run.manifest().corpus().endTokens()),
                type,
                compute.device());
        Corpus data =
            corpus.open(model.tokenization(run.manifest().corpus().sequenceLength()), progress)) {
      List<Query> queries = queries(model, data);
      queries.forEach(query -> query.requireWithin(model.model().vocabularySize()));
      FilterStudy study;
      try (FilterRecall recall =
          new FilterRecall(
              run, model.model(), queries, data, curvature, compute.batchTokens(), progress)) {
        study =
            FilterStudy.of(
                new FilterStudy.Subject(queries, data, model.tokenizer(), corpus.cache()),
                recall,
                curvature,
                candidates,
                progress);
      }
      print(study);
      evaluation.add(study);
      evaluation.write(json);
    }
    return 0;
  }

  private List<Query> queries(ModelFolder model, Corpus data) {
    if (queryFile.isPresent()) {
      return model.text().queries(queryFile.get());
    }
    return EntryQueries.draw(
        data,
        model
            .tokenizer()
            .orElseThrow(() ->
                new InvalidInputException(model.path() + " has no tokenizer.json; give --queries")),
        count,
        seed);
  }

  private static void print(FilterStudy study) {
    System.out.printf(
        Locale.ROOT,
        "share of the exact top (positive) influences that the filter keeps: %,d queries, %,d sequences, %s;"
            + " [95%% bootstrap interval over queries]%n%n",
        study.queries().size(),
        study.sequences(),
        study.curvature());
    System.out.println("| terms | BM25 | candidates | scored for all | top 10 | top 100 |");
    System.out.println("|---|---|---|---|---|---|");
    for (FilterStudy.Row row : study.kept()) {
      System.out.printf(
          Locale.ROOT,
          "| %s | %s | %,d | %,d | %s | %s |%n",
          row.terms(),
          row.bm25(),
          row.candidates(),
          row.union(),
          percent(row.top10()),
          percent(row.top100()));
    }
    System.out.println("\n| candidates (tokens, modified) | scored | filter s | scan s |");
    System.out.println("|---|---|---|---|");
    for (FilterStudy.Timing timing : study.timings()) {
      System.out.printf(
          Locale.ROOT,
          "| %,d | %,d | %.2f | %.2f |%n",
          timing.candidates(),
          timing.union(),
          timing.filterSeconds(),
          timing.scanSeconds());
    }
    System.out.printf(
        Locale.ROOT, "| all | %,d | - | %.2f |%n", study.sequences(), study.scanSeconds());
  }

  private static String percent(MeanInterval share) {
    return String.format(
        Locale.ROOT,
        "%.1f%% [%.1f, %.1f]",
        100 * share.mean(),
        100 * share.low(),
        100 * share.high());
  }
}
