package dev.whence.cli;

import dev.whence.attribution.Attribution;
import dev.whence.attribution.AttributionInput;
import dev.whence.attribution.AttributionSettings;
import dev.whence.corpus.Corpus;
import dev.whence.corpus.Query;
import dev.whence.curvature.CurvatureKind;
import dev.whence.folder.FolderKind;
import dev.whence.influence.Candidates;
import dev.whence.model.LanguageModel;
import dev.whence.results.ResultsFolder;
import dev.whence.run.RunFolder;
import dev.whence.store.ModelFolder;
import dev.whence.store.ModelText;
import dev.whence.tensor.DType;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Computes influences. */
@Command(
    name = "attribute",
    description = "Find the training sequences that influence the queries' completions.",
    footer = {
      "",
      "Example: whence attribute run --queries queries.jsonl --corpus train.jsonl.gz --out results",
      "On a large corpus, '--candidates 10000' scores only what shares most terms with the queries,",
      "and '--index INDEX --rerank 1000' what an influence index finds best.",
      "A query is a line {\"id\", \"prompt\", \"completion\"} or {\"id\", \"prompt_tokens\","
          + " \"completion_tokens\"}."
    },
    mixinStandardHelpOptions = true)
final class AttributeCommand implements Callable<Integer> {
  @Parameters(paramLabel = "RUN", description = "The folder that 'whence fit' wrote.")
  private Path runFolder = Path.of("");

  @Option(names = "--queries", paramLabel = "FILE", description = "The queries, JSONL.")
  private Optional<Path> queryFile = Optional.empty();

  @Mixin private CorpusOptions corpus = new CorpusOptions();
  @Mixin private ScoreOptions score = new ScoreOptions();
  @Mixin private ComputeOptions compute = new ComputeOptions();
  @Mixin private MemoryOption memory = new MemoryOption();
  @Mixin private Tf32Option tf32 = new Tf32Option();
  @Mixin private FilterOptions filter = new FilterOptions();

  @Option(
      names = "--out",
      paramLabel = "RESULTS",
      required = true,
      description = "The results folder.")
  private Path out = Path.of("results");

  @Option(
      names = "--curvature",
      paramLabel = "KIND",
      defaultValue = "ekfac",
      description = "ekfac, kfac, diagonal or identity (default: ekfac).")
  private CurvatureKind curvature = CurvatureKind.EKFAC;

  @Option(
      names = "--dtype",
      paramLabel = "TYPE",
      description = "float32, float64, bfloat16 or float16 (default: the run's).")
  private Optional<DType> type = Optional.empty();

  @Option(names = "--force", description = "Replace results that were made from something else.")
  private boolean force;

  @Override
  public Integer call() {
    AttributionSettings options =
        score.settings(curvature, compute.compute(type.orElse(DType.FLOAT32), memory, tf32));
    corpus.checkFirst(out, "--out");
    FolderKind.RESULTS.requireReplaceable(out);
    filter.checkFirst(queryFile.isPresent());
    RunFolder run = RunFolder.open(runFolder);
    DType precision = type.orElseGet(() -> run.manifest().precision());
    AttributionSettings settings = options.computing(c -> c.withType(precision));
    Path checkpoint = Path.of(run.manifest().model().folder());
    try (ModelText text =
        ModelText.open(checkpoint, corpus.endTokens(run.manifest().corpus().endTokens()))) {
      // A mistake in the queries is found before the weights are loaded.
      List<Query> queries = queryFile.map(text::queries).orElse(List.of());
      try (LanguageModel model =
          LanguageModel.load(checkpoint, precision, settings.compute().device())) {
        attribute(run, new ModelFolder(model, text), queries, settings);
      }
    }
    return 0;
  }

  private void attribute(
      RunFolder run, ModelFolder model, List<Query> queries, AttributionSettings settings) {
    ConsoleProgress progress = new ConsoleProgress();
    try (Corpus data =
        corpus.open(model.tokenization(run.manifest().corpus().sequenceLength()), progress)) {
      Optional<Candidates> candidates =
          filter.candidates(
              new FilterOptions.Subject(run, model, queries, data, corpus.cache()),
              settings,
              progress);
      ResultsFolder results =
          Attribution.run(
              new AttributionInput(
                  run, model.model(), model.tokenizer(), queries, data, candidates),
              settings,
              out,
              force,
              progress);
      System.out.println(Summary.of(results));
      System.out.println("Look at them with: whence top " + Words.quoted(out));
    }
  }
}
