package dev.whence.cli.evaluate;

import dev.whence.InvalidInputException;
import dev.whence.cli.ComputeOptions;
import dev.whence.cli.ConsoleProgress;
import dev.whence.cli.CorpusOptions;
import dev.whence.cli.DictionaryCommand;
import dev.whence.cli.HomeFolder;
import dev.whence.corpus.Corpus;
import dev.whence.corpus.CorpusSource;
import dev.whence.fit.Fit;
import dev.whence.fit.FitSettings;
import dev.whence.folder.Folders;
import dev.whence.index.IndexSettings;
import dev.whence.index.Keeps;
import dev.whence.lab.evaluation.IndexStudy;
import dev.whence.lab.evaluation.RetrievalQuality;
import dev.whence.model.LanguageModel;
import dev.whence.run.RunFolder;
import dev.whence.store.ModelFolder;
import dev.whence.tensor.DType;
import dev.whence.web.Show;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** What influence indexes take and find. */
@Command(
    name = "index",
    description =
        "Scan everything, then see which of each query's strongest sequences an influence index"
            + " finds, and what other ways to keep gradients find.",
    footer = {
      "",
      "Example: whence evaluate index quickstart/run --corpus quickstart/dictionary.jsonl"
          + " --json index.json",
      "Queries are the second halves of sequences, given the first; their own documents are left out.",
      "With --quick it makes a run of a part of the dictionary first, in a folder that it removes."
    },
    mixinStandardHelpOptions = true)
final class EvaluateIndexCommand implements Callable<Integer> {
  private static final int QUICK_ENTRIES = 5_000;
  private static final int QUICK_FIT = 500;
  private static final int QUICK_QUERIES = 40;

  @Spec private CommandSpec spec = CommandSpec.create();

  @Parameters(
      arity = "0..1",
      paramLabel = "RUN",
      description = "The folder that 'whence fit' wrote.")
  private Optional<Path> runFolder = Optional.empty();

  @ArgGroup(exclusive = false)
  private @Nullable CorpusOptions corpus; // picocli's way to say that it was not given

  @Mixin private ComputeOptions compute = new ComputeOptions();

  @Option(
      names = "--quick",
      description = "A part of the dictionary and one index, in under three minutes.")
  private boolean quick;

  @Option(
      names = "--count",
      paramLabel = "N",
      defaultValue = "100",
      description = "Queries (default: 100).")
  private int count;

  @Option(names = "--seed", defaultValue = "1", description = "Draws the queries (default: 1).")
  private long seed;

  @Option(
      names = "--rerank",
      paramLabel = "N",
      split = ",",
      description =
          "How many of each query's best estimates are computed exactly; several numbers give"
              + " several columns (default: 0.85%% of the sequences, as 1,000 are of the dictionary's).")
  private List<Integer> rerank = List.of();

  @Option(
      names = "--index",
      paramLabel = "NxB",
      split = ",",
      defaultValue = "240x1,1000x1,240x2,240x4,240x8,120x2,60x4",
      description =
          "The indexes: numbers a position and bits of each (default:"
              + " 240x1,1000x1,240x2,240x4,240x8,120x2,60x4).")
  private List<String> indexes = List.of();

  @Option(
      names = "--only-indexes",
      description =
          "Leave out the other ways to keep gradients, which take longer than all indexes.")
  private boolean onlyIndexes;

  @Option(names = "--json", paramLabel = "FILE", description = "Also write the table here.")
  private Optional<Path> json = Optional.empty();

  @Option(
      names = "--plot",
      paramLabel = "FILE",
      description = "Also draw what is found against what is kept, as an SVG file.")
  private Optional<Path> plot = Optional.empty();

  @Override
  public Integer call() throws IOException {
    if (count < 1) {
      throw new InvalidInputException("--count is %d but must be at least 1".formatted(count));
    }
    if (rerank.stream().anyMatch(n -> n < 1)) {
      throw new InvalidInputException("--rerank is %s but must be at least 1".formatted(rerank));
    }
    if (quick != (runFolder.isEmpty() && corpus == null)) {
      throw new InvalidInputException("give RUN and --corpus, or --quick without either");
    }
    Path work = Files.createTempDirectory("whence-evaluate-index");
    try {
      return quick ? quick(work) : whole(work, runFolder.orElseThrow(), corpus);
    } finally {
      Folders.delete(work);
    }
  }

  private int quick(Path work) throws IOException {
    Path dictionary = work.resolve("dictionary.jsonl");
    Path modelFolder = HomeFolder.dictionaryModel();
    DictionaryCommand.write(dictionary, QUICK_ENTRIES);
    ConsoleProgress progress = new ConsoleProgress();
    try (ModelFolder model = ModelFolder.open(modelFolder, DType.FLOAT32, compute.device());
        Corpus data =
            Corpus.open(CorpusSource.of(dictionary), model.tokenization(256), work, progress)) {
      FitSettings settings =
          FitSettings.DEFAULT
              .withCovarianceSequences(QUICK_FIT)
              .withLambdaSequences(QUICK_FIT)
              .computing(c ->
                  c.withBatchTokens(compute.batchTokens())
                      .withDevices(List.of(model.model().device())));
      RunFolder run =
          Fit.run(model.model(), modelFolder, data, settings, work.resolve("run"), false, progress);
      study(
          new IndexStudy.Subject(run, model.model(), data, work, work),
          new IndexStudy.Extent(
              Math.min(count, QUICK_QUERIES),
              seed,
              rerank,
              settings(List.of("240x1"), DType.FLOAT32),
              true));
    }
    return 0;
  }

  private int whole(Path work, Path folder, @Nullable CorpusOptions options) throws IOException {
    if (options == null) {
      throw new InvalidInputException("give --corpus, the files that are to be scanned");
    }
    options.checkFirst(Map.of("--json", json, "--plot", plot));
    RunFolder run = RunFolder.open(folder);
    Path checkpoint = Path.of(run.manifest().model().folder());
    run.verifiedModel(LanguageModel.files(checkpoint));
    DType type = run.manifest().precision();
    ConsoleProgress progress = new ConsoleProgress();
    try (ModelFolder model =
            ModelFolder.open(
                checkpoint,
                options.endTokens(run.manifest().corpus().endTokens()),
                type,
                compute.device());
        Corpus data =
            options.open(model.tokenization(run.manifest().corpus().sequenceLength()), progress)) {
      study(
          new IndexStudy.Subject(run, model.model(), data, work, options.cache()),
          new IndexStudy.Extent(count, seed, rerank, settings(indexes, type), !onlyIndexes));
    }
    return 0;
  }

  private List<IndexSettings> settings(List<String> sizes, DType type) {
    List<IndexSettings> settings = new ArrayList<>();
    for (String size : sizes) {
      if (!size.matches("\\d{1,6}x\\d{1,2}")) {
        throw new InvalidInputException(
            "--index has '" + size + "' but takes numbers and bits, such as 240x1");
      }
      String[] parts = size.split("x", -1);
      settings.add(
          IndexSettings.DEFAULT
              .withKeeps(new Keeps.Sides(Integer.parseInt(parts[0]), Integer.parseInt(parts[1])))
              .withRecallQueries(Math.clamp(count / 2, 5, 30)) // for the weights alone
              .computing(c -> c.withBatchTokens(compute.batchTokens()).withType(type)));
    }
    return settings;
  }

  private void study(IndexStudy.Subject subject, IndexStudy.Extent extent) throws IOException {
    EvaluationReport evaluation = new EvaluationReport(spec);
    IndexStudy study = IndexStudy.of(subject, extent, new ConsoleProgress());
    print(study);
    evaluation.add(study);
    evaluation.write(json);
    plot.ifPresent(file -> IndexPlot.write(file, study));
    IndexStudy.Row first = study.rows().getFirst();
    System.out.printf(
        Locale.ROOT,
        "recall@10 %.2f bytes %.0f%n",
        first.quality().reranked10().getFirst(),
        first.bytes());
  }

  private static void print(IndexStudy study) {
    System.out.printf(
        Locale.ROOT,
        "%,d queries, %,d sequences; a scan with one query goes through %s sequences a second%n"
            + "recall@10 is the share of the 10 that raise a query most: among the first 10 estimates, or among the"
            + " first that are then computed exactly%nan index of 240x1 keeps 240 numbers a position of 1 bit each%n%n",
        study.queries(),
        study.sequences(),
        Show.number(study.scanRate()));
    List<String> head = new ArrayList<>(List.of("kept", "bytes a sequence", "recall@10"));
    study.reranked().forEach(n -> head.add("recall@10, %,d exact".formatted(n)));
    head.addAll(
        List.of("recall@100", "NDCG@20", "Spearman", "built, sequences a second", "sweep, ms"));
    EvaluationReport.head(head.toArray(String[]::new));
    for (IndexStudy.Row row : study.rows()) {
      RetrievalQuality quality = row.quality();
      List<String> cells = new ArrayList<>();
      cells.add(row.name());
      cells.add(row.bytes() == 0 ? "–" : String.format(Locale.ROOT, "%,.0f", row.bytes()));
      cells.add(share(quality.recall10()));
      quality.reranked10().forEach(recall -> cells.add(share(recall)));
      cells.add(share(quality.recall100()));
      cells.add(share(quality.ndcg20()));
      cells.add(share(quality.spearman()));
      cells.add(cell(row.rate()));
      cells.add(cell(row.sweepMillis()));
      EvaluationReport.row(cells.toArray(String[]::new));
    }
    System.out.println();
  }

  private static String share(double value) {
    return String.format(Locale.ROOT, "%.3f", value);
  }

  private static String cell(OptionalDouble value) {
    return value.isPresent() ? Show.number(value.getAsDouble()) : "–";
  }
}
