package dev.whence.cli;

import dev.whence.AtomicFile;
import dev.whence.InvalidInputException;
import dev.whence.Json;
import dev.whence.attribution.Query;
import dev.whence.corpus.Corpus;
import dev.whence.corpus.Tokenizer;
import dev.whence.curvature.CurvatureKind;
import dev.whence.dictionary.OwnDocumentRanks;
import dev.whence.model.LanguageModel;
import dev.whence.run.RunFolder;
import dev.whence.tensor.DType;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
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

/** Evaluations of the method. */
@Command(
    name = "evaluate",
    description = "Measure whether influences make sense.",
    subcommands = {
      EvaluateCommand.Recall.class,
      EvaluateFilterCommand.class,
      EvaluatePbrfCommand.class
    },
    mixinStandardHelpOptions = true)
final class EvaluateCommand implements Runnable {
  @Spec private CommandSpec spec = CommandSpec.create();

  @Override
  public void run() {
    spec.commandLine().usage(System.out);
  }

  /** The rank of an entry's own document. */
  @Command(
      name = "recall",
      description =
          "Ask with dictionary entries: words as prompt, gloss as completion. At which rank does the"
              + " entry's own document come?",
      footer = {
        "",
        "Example: whence evaluate recall quickstart/run --corpus quickstart/dictionary.jsonl"
      },
      mixinStandardHelpOptions = true)
  static final class Recall implements Callable<Integer> {
    @Parameters(paramLabel = "RUN", description = "A run fitted to the dictionary.")
    private Path runFolder = Path.of("");

    @Mixin private CorpusOptions corpus = new CorpusOptions();
    @Mixin private ComputeOptions compute = new ComputeOptions();

    @Option(
        names = "--count",
        paramLabel = "N",
        defaultValue = "200",
        description = "Entries to ask with (default: 200).")
    private int count;

    @Option(names = "--seed", defaultValue = "0", description = "Draws the entries (default: 0).")
    private long seed;

    @Option(
        names = "--curvature",
        paramLabel = "KIND",
        split = ",",
        defaultValue = "ekfac,identity",
        description = "Methods to compare (default: ekfac,identity).")
    private List<CurvatureKind> methods = List.of();

    @Option(names = "--json", paramLabel = "FILE", description = "Also write every rank here.")
    private Optional<Path> json = Optional.empty();

    @Override
    public Integer call() throws IOException {
      if (count < 1) {
        throw new InvalidInputException("--count is " + count + " but must be at least 1");
      }
      RunFolder run = RunFolder.open(runFolder);
      run.verifiedModel(LanguageModel.files(Path.of(run.manifest().model().folder())));
      DType type = DType.valueOf(run.manifest().dtype().toUpperCase(Locale.ROOT));
      ConsoleProgress progress = new ConsoleProgress();
      try (ModelFolder model =
              ModelFolder.open(Path.of(run.manifest().model().folder()), type, compute.device());
          Corpus data =
              corpus.open(model.tokenization(run.manifest().corpus().sequenceLength()), progress)) {
        Tokenizer tokenizer =
            model
                .tokenizer()
                .orElseThrow(
                    () -> new InvalidInputException(model.path() + " has no tokenizer.json"));
        OwnDocumentRanks test =
            new OwnDocumentRanks(
                run, model.model(), tokenizer, data, compute.batchTokens(), progress);
        List<Query> queries = test.draw(count, seed);
        List<OwnDocumentRanks.Ranks> results = test.rank(queries, methods);
        print(results);
        if (json.isPresent()) {
          write(json.get(), queries, results);
        }
      }
      return 0;
    }

    private void print(List<OwnDocumentRanks.Ranks> results) {
      System.out.printf(
          Locale.ROOT,
          "rank of the own document of %d entries (seed %d) among %,d sequences%n%n",
          count,
          seed,
          results.getFirst().documents());
      System.out.println(
          "| method | median rank | mean reciprocal rank | top 1 | top 10 | top 100 |");
      System.out.println("|---|---|---|---|---|---|");
      for (OwnDocumentRanks.Ranks r : results) {
        System.out.printf(
            Locale.ROOT,
            "| %s | %.1f | %.3f | %.1f%% | %.1f%% | %.1f%% |%n",
            r.method(),
            r.median(),
            r.meanReciprocal(),
            100 * r.shareInTop(1),
            100 * r.shareInTop(10),
            100 * r.shareInTop(100));
      }
    }

    private static void write(Path file, List<Query> queries, List<OwnDocumentRanks.Ranks> results)
        throws IOException {
      Map<String, Object> ranks = new LinkedHashMap<>();
      ranks.put("entries", queries.stream().map(Query::id).toList());
      results.forEach(r -> ranks.put(r.method().toString(), r.ranks()));
      AtomicFile.write(file, Json.MAPPER.writeValueAsString(ranks));
    }
  }
}
