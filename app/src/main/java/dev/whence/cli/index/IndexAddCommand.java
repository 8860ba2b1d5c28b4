package dev.whence.cli.index;

import dev.whence.cli.ComputeOptions;
import dev.whence.cli.ConsoleProgress;
import dev.whence.cli.CorpusOptions;
import dev.whence.cli.Summary;
import dev.whence.corpus.Corpus;
import dev.whence.index.IndexAddition;
import dev.whence.index.InfluenceIndex;
import dev.whence.index.InfluenceIndexManifest;
import dev.whence.run.RunFolder;
import dev.whence.store.ModelFolder;
import dev.whence.tensor.DType;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** Adds a corpus to an influence index. */
@Command(
    name = "add",
    description = "Add a corpus to an index, with the index's own run and settings.",
    footer = {
      "",
      "Example: whence index add index --corpus more.jsonl.gz",
      "An addition that was interrupted goes on from its last checkpoint when started again."
    },
    mixinStandardHelpOptions = true)
final class IndexAddCommand implements Callable<Integer> {
  @Parameters(paramLabel = "INDEX", description = "The folder that 'whence index build' wrote.")
  private Path folder = Path.of("");

  @Mixin private CorpusOptions corpus = new CorpusOptions();
  @Mixin private ComputeOptions compute = new ComputeOptions();

  @Override
  public Integer call() {
    corpus.checkFirst(folder, "INDEX");
    InfluenceIndexManifest manifest = InfluenceIndex.manifest(folder);
    RunFolder run = RunFolder.open(Path.of(manifest.run()));
    DType type = InfluenceIndex.precision(manifest);
    ConsoleProgress progress = new ConsoleProgress();
    try (ModelFolder model =
            ModelFolder.open(
                Path.of(run.manifest().model().folder()),
                corpus.endTokens(run.manifest().corpus().endTokens()),
                type,
                compute.device());
        Corpus data =
            corpus.open(model.tokenization(run.manifest().corpus().sequenceLength()), progress)) {
      System.out.println(
          Summary.of(
              folder,
              IndexAddition.run(
                  folder, run, model.model(), data, compute.compute(type), progress)));
    }
    return 0;
  }
}
