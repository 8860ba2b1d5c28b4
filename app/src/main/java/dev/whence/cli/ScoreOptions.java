package dev.whence.cli;

import dev.whence.attribution.AttributionSettings;
import dev.whence.budget.Compute;
import dev.whence.curvature.CurvatureKind;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Option;

/** The options that say how influence is computed, and what is written. */
final class ScoreOptions {
  @ArgGroup(multiplicity = "0..1")
  private DampingOptions damping = new DampingOptions();

  @Option(
      names = "--rank",
      paramLabel = "R",
      defaultValue = "0",
      description = "Keep queries' gradients as products of rank R (default: 0, whole).")
  private int rank;

  @Option(
      names = "--refine",
      paramLabel = "N",
      defaultValue = "0",
      description =
          "With --rank: score each query's best N of each sign again with whole gradients"
              + " (default: 0).")
  private int refine;

  @Option(
      names = "--top",
      paramLabel = "N",
      defaultValue = "100",
      description = "Sequences to keep for each query and sign (default: 100).")
  private int top;

  @Option(names = "--all-scores", description = "Write every score to scores.safetensors.")
  private boolean allScores;

  @Option(names = "--tokenwise", description = "With --all-scores: every position's score.")
  private boolean tokenwise;

  @Option(names = "--layerwise", description = "With --all-scores: every layer's score.")
  private boolean layerwise;

  @Option(
      names = "--self-influence",
      description = "Write every sequence's influence on itself to scores.safetensors.")
  private boolean selfInfluence;

  @Option(
      names = "--by-token",
      description = "Also find what influences each token of the completions by itself.")
  private boolean byToken;

  AttributionSettings settings(CurvatureKind curvature, Compute compute) {
    return new AttributionSettings(
        curvature,
        damping.damping(),
        rank,
        top,
        allScores,
        tokenwise,
        layerwise,
        selfInfluence,
        byToken,
        refine,
        compute);
  }
}
