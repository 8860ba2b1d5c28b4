package dev.whence.cli;

import dev.whence.corpus.Corpus;
import dev.whence.fit.Fit;
import dev.whence.fit.FitSettings;
import dev.whence.folder.FolderKind;
import dev.whence.run.RunFolder;
import dev.whence.store.ModelFolder;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Fits the curvature of a model to a corpus. */
@Command(
    name = "fit",
    description = "Fit the curvature (EK-FAC) of a model to its training corpus.",
    footer = {
      "",
      "Example: whence fit smollm-135m --corpus train.jsonl.gz --out run",
      "A fit that was interrupted goes on from its last checkpoint when started again."
    },
    mixinStandardHelpOptions = true)
final class FitCommand implements Callable<Integer> {
  @Parameters(paramLabel = "MODEL", description = "The folder of a Hugging Face checkpoint.")
  private Path modelFolder = Path.of("");

  @Mixin private CorpusOptions corpus = new CorpusOptions();
  @Mixin private FitOptions fit = new FitOptions();
  @Mixin private ComputeOptions compute = new ComputeOptions();
  @Mixin private MemoryOption memory = new MemoryOption();
  @Mixin private Tf32Option tf32 = new Tf32Option();

  @Option(names = "--out", paramLabel = "RUN", required = true, description = "The run folder.")
  private Path out = Path.of("run");

  @Option(names = "--force", description = "Replace a run that was made from something else.")
  private boolean force;

  @Override
  public Integer call() {
    corpus.checkFirst(out, "--out");
    FolderKind.RUN.requireReplaceable(out);
    FitSettings settings = fit.settings(compute, memory, tf32);
    ConsoleProgress progress = new ConsoleProgress();
    try (ModelFolder model =
            ModelFolder.open(
                modelFolder, corpus.endTokens(), fit.type(), settings.compute().device());
        Corpus data =
            corpus.open(model.tokenization(fit.sequenceLength(model.model().limits())), progress)) {
      RunFolder run = Fit.run(model.model(), modelFolder, data, settings, out, force, progress);
      System.out.println(Summary.of(run));
    }
    return 0;
  }
}
