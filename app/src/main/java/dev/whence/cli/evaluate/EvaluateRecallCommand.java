package dev.whence.cli.evaluate;

import dev.whence.InvalidInputException;
import dev.whence.cli.ComputeOptions;
import dev.whence.cli.ConsoleProgress;
import dev.whence.cli.CorpusOptions;
import dev.whence.corpus.Corpus;
import dev.whence.corpus.Query;
import dev.whence.corpus.Tokenizer;
import dev.whence.curvature.CurvatureKind;
import dev.whence.lab.dictionary.EntryQueries;
import dev.whence.lab.evaluation.DictionaryRecall;
import dev.whence.lab.evaluation.Rankers;
import dev.whence.model.LanguageModel;
import dev.whence.run.RunFolder;
import dev.whence.search.Bm25;
import dev.whence.search.SequenceIndex;
import dev.whence.search.TermKind;
import dev.whence.store.ModelFolder;
import dev.whence.tensor.DType;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
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

/** Recall of the dictionary entries that queries were made from, by every method and baseline. */
@Command(
    name = "recall",
    description =
        "Ask with dictionary entries: words as prompt, gloss as completion. At which rank does the"
            + " entry's own document come, and, with that left out, do its neighbours in WordNet come"
            + " first (hypernyms, hyponyms and other senses of its words)?",
    footer = {
      "",
      "Example: whence evaluate recall quickstart/run --corpus quickstart/dictionary.jsonl"
    },
    mixinStandardHelpOptions = true)
final class EvaluateRecallCommand implements Callable<Integer> {
  @Spec private CommandSpec spec = CommandSpec.create();

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
      defaultValue = "ekfac,kfac,identity",
      description =
          "Methods to compare; diagonal must have been fitted (default: ekfac,kfac,identity).")
  private List<CurvatureKind> methods = List.of();

  @Option(names = "--json", paramLabel = "FILE", description = "Also write every number here.")
  private Optional<Path> json = Optional.empty();

  @Override
  public Integer call() throws IOException {
    corpus.checkFirst(Map.of("--json", json));
    RunFolder run = RunFolder.open(runFolder);
    Path folder = Path.of(run.manifest().model().folder());
    run.verifiedModel(LanguageModel.files(folder));
    DType type = run.manifest().precision();
    ConsoleProgress progress = new ConsoleProgress();
    EvaluationReport report = new EvaluationReport(spec);
    try (ModelFolder model =
            ModelFolder.open(
                folder,
                corpus.endTokens(run.manifest().corpus().endTokens()),
                type,
                compute.device());
        Corpus data =
            corpus.open(model.tokenization(run.manifest().corpus().sequenceLength()), progress)) {
      Tokenizer tokenizer =
          model
              .tokenizer()
              .orElseThrow(
                  () -> new InvalidInputException(model.path() + " has no tokenizer.json"));
      List<Query> queries = EntryQueries.draw(data, tokenizer, count, seed);
      queries.forEach(query -> query.requireWithin(model.model().vocabularySize()));
      Rankers rankers = new Rankers(run, model.model(), data, queries, progress);
      List<DictionaryRecall> gradients = rankers.gradients(methods, compute.batchTokens());
      List<DictionaryRecall> results = new ArrayList<>();
      results.add(rankers.random(seed));
      try (SequenceIndex index =
          SequenceIndex.cached(
              data, TermKind.TOKENS, model.tokenizer(), corpus.cache(), progress)) {
        results.add(rankers.bm25(index, Bm25.PLAIN));
      }
      results.addAll(gradients);
      print(results, data.size());
      results.forEach(report::add);
    }
    report.write(json);
    return 0;
  }

  private void print(List<DictionaryRecall> results, long sequences) {
    System.out.printf(
        Locale.ROOT,
        "%d entries (seed %d) among %,d sequences; %d of them have neighbours there%n%n",
        count,
        seed,
        sequences,
        results.getFirst().averagePrecision().length);
    EvaluationReport.head(
        "ranked by",
        "own document: median rank",
        "mean reciprocal rank",
        "top 1",
        "top 10",
        "neighbours: mean average precision");
    for (DictionaryRecall r : results) {
      EvaluationReport.row(
          r.method(),
          String.format(Locale.ROOT, "%.1f", r.median()),
          EvaluationReport.cell(r.reciprocalRank()),
          EvaluationReport.cell(r.inTop(1)),
          EvaluationReport.cell(r.inTop(10)),
          r.meanAveragePrecision().map(EvaluationReport::cell).orElse("-"));
    }
  }
}
