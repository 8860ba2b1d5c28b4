package dev.whence.cli;

import dev.whence.corpus.Corpus;
import dev.whence.curvature.CurvatureKind;
import dev.whence.curvature.Fisher;
import dev.whence.fit.Fit;
import dev.whence.fit.FitSettings;
import dev.whence.model.LanguageModel;
import dev.whence.model.LayerSelection;
import dev.whence.model.ModelLimits;
import dev.whence.run.RunFolder;
import dev.whence.tensor.DType;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
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
  private static final int DEFAULT_LENGTH = 512;

  @Parameters(paramLabel = "MODEL", description = "The folder of a Hugging Face checkpoint.")
  private Path modelFolder = Path.of("");

  @Mixin private CorpusOptions corpus = new CorpusOptions();
  @Mixin private ComputeOptions compute = new ComputeOptions();
  @Mixin private MemoryOption memory = new MemoryOption();

  @Option(names = "--out", paramLabel = "RUN", required = true, description = "The run folder.")
  private Path out = Path.of("run");

  @Option(
      names = "--sequence-length",
      paramLabel = "N",
      description =
          "Documents are cut into sequences of N tokens (default: 512, or what the model takes).")
  private Optional<Integer> sequenceLength = Optional.empty();

  @Option(
      names = "--layers",
      paramLabel = "LAYERS",
      defaultValue = "mlp",
      description = "mlp, attention, linear (both), or a regular expression (default: mlp).")
  private String layers = "mlp";

  @Option(
      names = "--curvature",
      paramLabel = "KIND",
      split = ",",
      defaultValue = "ekfac",
      description = "Any of ekfac, kfac, diagonal, identity (default: ekfac).")
  private List<CurvatureKind> curvatures = List.of();

  @Option(
      names = "--fisher",
      paramLabel = "KIND",
      defaultValue = "sampled",
      description =
          "sampled: targets from the model, the true Fisher; empirical: the data's (default: sampled).")
  private Fisher fisher = Fisher.SAMPLED;

  @Option(names = "--seed", paramLabel = "N", defaultValue = "0", description = "Default: 0.")
  private long seed;

  @Option(
      names = "--covariance-sequences",
      paramLabel = "N",
      defaultValue = "0",
      description = "Fit covariances to N sequences spread over the corpus (default: 0, all).")
  private long covarianceSequences;

  @Option(
      names = "--lambda-sequences",
      paramLabel = "N",
      defaultValue = "0",
      description = "Fit eigenvalues to N sequences spread over the corpus (default: 0, all).")
  private long lambdaSequences;

  @Option(
      names = "--blocks",
      paramLabel = "N",
      defaultValue = "1",
      description = "Diagonal blocks of each covariance; 2 halves the memory (default: 1).")
  private int blocks;

  @Option(
      names = "--dtype",
      paramLabel = "TYPE",
      defaultValue = "float32",
      description = "float32, float64, bfloat16 or float16 (default: float32).")
  private DType type = DType.FLOAT32;

  @Option(names = "--force", description = "Replace a run that was made from something else.")
  private boolean force;

  @Override
  public Integer call() {
    FitSettings settings =
        new FitSettings(
            new LayerSelection(layers),
            EnumSet.copyOf(curvatures),
            fisher,
            seed,
            covarianceSequences,
            lambdaSequences,
            blocks,
            compute.batchTokens(),
            type,
            compute.device(),
            compute.checkpointSeconds(),
            memory.budget());
    ConsoleProgress progress = new ConsoleProgress();
    try (ModelFolder model = ModelFolder.open(modelFolder, type, compute.device());
        Corpus data = corpus.open(model.tokenization(length(model.model())), progress)) {
      RunFolder run = Fit.run(model.model(), modelFolder, data, settings, out, force, progress);
      System.out.println(Summary.of(run));
    }
    return 0;
  }

  private int length(LanguageModel model) {
    return sequenceLength.orElseGet(() -> defaultLength(model.limits()));
  }

  /** Into how many tokens documents are cut when nothing is said. */
  static int defaultLength(ModelLimits limits) {
    return Math.min(DEFAULT_LENGTH, limits.maximumPositions());
  }
}
