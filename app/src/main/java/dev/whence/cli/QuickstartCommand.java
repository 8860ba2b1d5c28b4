package dev.whence.cli;

import dev.whence.InvalidInputException;
import dev.whence.attribution.Attribution;
import dev.whence.attribution.AttributionInput;
import dev.whence.attribution.AttributionSettings;
import dev.whence.corpus.Corpus;
import dev.whence.corpus.CorpusSource;
import dev.whence.corpus.Query;
import dev.whence.fit.Fit;
import dev.whence.fit.FitSettings;
import dev.whence.index.IndexBuild;
import dev.whence.index.IndexSettings;
import dev.whence.index.InfluenceIndexManifest;
import dev.whence.lab.dictionary.WordNet;
import dev.whence.results.ResultsFolder;
import dev.whence.run.RunFolder;
import dev.whence.store.ModelFolder;
import dev.whence.store.TrainingSize;
import dev.whence.tensor.DType;
import dev.whence.tensor.Device;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** The main job on real input. */
@Command(
    name = "quickstart",
    description =
        "See it work: a small model that knows an English dictionary explains where its definitions"
            + " come from.",
    mixinStandardHelpOptions = true)
final class QuickstartCommand implements Callable<Integer> {
  private static final int SEQUENCE_LENGTH = 256;
  private static final int FIT_SEQUENCES = 4_000;
  private static final int BATCH_TOKENS = 8_192;
  private static final int TOP = 50;
  private static final int RECALL_QUERIES = 8;

  @Option(
      names = "--out",
      paramLabel = "FOLDER",
      defaultValue = "quickstart",
      description = "Where everything is written (default: quickstart).")
  private Path out = Path.of("quickstart");

  @Option(
      names = "--entries",
      paramLabel = "N",
      defaultValue = "0",
      description = "Scan only N entries spread over the dictionary (default: 0, all 117,791).")
  private int entries;

  @Option(names = "--force", description = "Start over in a folder that has results already.")
  private boolean force;

  @Override
  public Integer call() throws IOException {
    if (entries < 0 || entries > WordNet.SYNSETS) {
      throw new InvalidInputException(
          "--entries is " + entries + " but must be from 0 to " + WordNet.SYNSETS);
    }
    Path modelFolder = HomeFolder.dictionaryModel();
    Path dictionary = out.resolve("dictionary.jsonl");
    Path queryFile = modelFolder.resolve("queries.jsonl");
    Files.createDirectories(out);
    ConsoleProgress progress = new ConsoleProgress();
    long start = System.nanoTime();
    DictionaryCommand.write(dictionary, entries == 0 ? WordNet.SYNSETS : entries);
    try (ModelFolder model = ModelFolder.open(modelFolder, DType.FLOAT32, Device.CPU);
        Corpus corpus =
            Corpus.open(
                CorpusSource.of(dictionary),
                model.tokenization(SEQUENCE_LENGTH),
                CacheOption.defaultFolder(System.getenv()),
                progress)) {
      System.out.printf(
          Locale.ROOT,
          "A language model of %,d parameters was trained on WordNet 3.1, an English dictionary.%n"
              + "For each definition that it gives below: which of the dictionary's %,d entries taught it that?%n",
          model.model().parameterCount(),
          corpus.documents());
      System.out.flush();
      List<Query> queries = model.text().queries(queryFile);
      RunFolder run =
          Fit.run(
              model.model(),
              modelFolder,
              corpus,
              FitSettings.DEFAULT
                  .withCovarianceSequences(FIT_SEQUENCES)
                  .withLambdaSequences(FIT_SEQUENCES)
                  .computing(c -> c.withBatchTokens(BATCH_TOKENS)),
              out.resolve("run"),
              force,
              progress);
      ResultsFolder results;
      InfluenceIndexManifest index;
      // The pass that scores the queries builds the index: every sequence is traced once.
      try (IndexBuild build =
          IndexBuild.open(
              run,
              model.model(),
              corpus,
              IndexSettings.DEFAULT
                  .withRecallQueries(RECALL_QUERIES)
                  .computing(c -> c.withBatchTokens(BATCH_TOKENS)),
              out.resolve("index"),
              force,
              progress)) {
        results =
            Attribution.run(
                new AttributionInput(run, model.model(), model.tokenizer(), queries, corpus),
                AttributionSettings.DEFAULT
                    .withTop(TOP)
                    .withAllScores(true)
                    .withLayerwise(false)
                    .withTokenwise(false)
                    .computing(c -> c.withBatchTokens(BATCH_TOKENS)),
                out.resolve("results"),
                force,
                Optional.of(build),
                progress);
        index = build.finish();
      }
      ResultsPrinter printer =
          new ResultsPrinter(
              System.out,
              Shading.forTerminal(ConsoleProgress.onTerminal(), System.getenv()),
              TrainingSize.of(results));
      for (ResultsFolder.StoredQuery query : results.queries()) {
        printer.print(results, query, 4, 1);
        printer.printLayerShares(results, query);
      }
      System.out.println("\n" + Summary.of(out.resolve("index"), index));
    }
    System.out.printf(
        Locale.ROOT,
        """

        Influence is in nats of log p per unit of weight on the entry: positive (red, [+..+]) made the completion more
        likely, negative (teal, [-..-]) less. One more copy of an entry would change log p by about so many nats (first
        order). A token is shaded for what the prediction after it contributes.

        Took %d s; results are in %s. Look at them in a browser, and ask about other outputs: the index answers in
        seconds.
          whence explore %s
        or here:
          whence top %s --query animal --count 20
          whence inspect %s
          whence index query %s --prompt "dog:" --completion " a domestic animal" --rerank 200
          whence attribute %s --queries YOURS.jsonl --corpus %s --out %s
        with your own queries, {"id", "prompt", "completion"} a line; docs/TUTORIAL.md goes on from here.
        """,
        (System.nanoTime() - start) / 1_000_000_000,
        out.resolve("results"),
        Words.quoted(out.resolve("results")),
        Words.quoted(out.resolve("results")),
        Words.quoted(out.resolve("run")),
        Words.quoted(out.resolve("index")),
        Words.quoted(out.resolve("run")),
        Words.quoted(dictionary),
        Words.quoted(out.resolve("mine")));
    return 0;
  }
}
