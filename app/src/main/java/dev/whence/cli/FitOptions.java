package dev.whence.cli;

import dev.whence.curvature.CurvatureKind;
import dev.whence.curvature.Fisher;
import dev.whence.fit.FitSettings;
import dev.whence.model.LayerSelection;
import dev.whence.model.ModelLimits;
import dev.whence.tensor.DType;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Option;

/** The options that say which curvature is fitted, and how. */
public final class FitOptions {
  private static final int DEFAULT_LENGTH = 512;

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

  @Option(
      names = "--keep-covariances",
      description = "Write the covariances too, beside their eigenvectors.")
  private boolean keepCovariances;

  @Option(
      names = "--factors-dtype",
      paramLabel = "TYPE",
      description =
          "Of the eigenvectors and eigenvalues on disk: bfloat16 halves the run (default: as they"
              + " are summed, float32 or float64).")
  private Optional<DType> factorsType = Optional.empty();

  List<CurvatureKind> curvatures() {
    return curvatures;
  }

  DType type() {
    return type;
  }

  /** Into how many tokens documents are cut. */
  int sequenceLength(ModelLimits limits) {
    return sequenceLength.orElseGet(() -> defaultLength(limits));
  }

  /** Into how many tokens documents are cut when nothing is said. */
  public static int defaultLength(ModelLimits limits) {
    return Math.min(DEFAULT_LENGTH, limits.maximumPositions());
  }

  FitSettings settings(ComputeOptions compute, MemoryOption memory, Tf32Option tf32) {
    return new FitSettings(
        new LayerSelection(layers),
        EnumSet.copyOf(curvatures),
        fisher,
        seed,
        covarianceSequences,
        lambdaSequences,
        blocks,
        keepCovariances,
        factorsType,
        compute.compute(type, memory, tf32));
  }
}
