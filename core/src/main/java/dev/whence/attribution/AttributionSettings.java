package dev.whence.attribution;

import dev.whence.InvalidInputException;
import dev.whence.budget.Compute;
import dev.whence.curvature.CurvatureKind;
import dev.whence.curvature.Damping;
import dev.whence.results.ResultsManifest;
import io.soabase.recordbuilder.core.RecordBuilder;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.function.UnaryOperator;

/**
 * Which influence is computed, and what is written. Start from {@link #DEFAULT} and change what is
 * needed.
 *
 * @param rank of the preconditioned queries; 0 keeps them whole
 * @param top how many sequences are kept for each query and sign
 * @param allScores writes the whole score matrix
 * @param tokenwise with {@code allScores}, writes every position's score
 * @param layerwise with {@code allScores}, writes every layer's score
 * @param selfInfluence writes every sequence's influence on itself
 * @param byToken also computes the influence on each token of the completions by itself
 * @param refine how many of each query's strongest sequences, of each sign, are scored again with
 *     whole gradients
 * @param compute how it is computed; its type and device are those that the model was loaded with
 */
@RecordBuilder
public record AttributionSettings(
    CurvatureKind curvature,
    Damping damping,
    int rank,
    int top,
    boolean allScores,
    boolean tokenwise,
    boolean layerwise,
    boolean selfInfluence,
    boolean byToken,
    int refine,
    Compute compute)
    implements AttributionSettingsBuilder.With {
  /** EK-FAC with a tenth of the mean eigenvalue as damping, full rank, the top 100 of each sign. */
  public static final AttributionSettings DEFAULT =
      new AttributionSettings(
          CurvatureKind.EKFAC,
          Damping.DEFAULT,
          0,
          100,
          false,
          false,
          false,
          false,
          false,
          0,
          Compute.DEFAULT);

  public AttributionSettings {
    if (rank < 0) {
      throw new InvalidInputException("--rank is " + rank + " but must be at least 0 (full)");
    }
    if (top < 1) {
      throw new InvalidInputException("--top is " + top + " but must be at least 1");
    }
    if (refine < 0 || refine > top) {
      throw new InvalidInputException(
          "--refine is %d but must be from 0 to --top, which is %d".formatted(refine, top));
    }
    if ((tokenwise || layerwise) && !allScores) {
      // The top sequences' tokens and layers are always written; the flags are about the matrices.
      tokenwise = false;
      layerwise = false;
    }
  }

  /** Asks for what these settings ask for, computed in another way. */
  public AttributionSettings computing(UnaryOperator<Compute> change) {
    return withCompute(change.apply(compute));
  }

  /** The curvature that results were made with. */
  static CurvatureKind curvature(ResultsManifest manifest) {
    return CurvatureKind.valueOf(manifest.setting("curvature").toUpperCase(Locale.ROOT));
  }

  /** The damping that results were made with. */
  public static Damping damping(ResultsManifest manifest) {
    return manifest.settings().containsKey("damping")
        ? new Damping.Absolute(Double.parseDouble(manifest.setting("damping")))
        : new Damping.Relative(Double.parseDouble(manifest.setting("damping-ratio")));
  }

  /** What decides the results, by the command line's option. */
  public Map<String, String> options() {
    Map<String, String> options = new LinkedHashMap<>();
    options.put("curvature", curvature.toString());
    switch (damping) {
      case Damping.Relative relative -> options.put("damping-ratio", "" + relative.ratio());
      case Damping.Absolute absolute -> options.put("damping", "" + absolute.value());
    }
    options.put("rank", "" + rank);
    options.put("top", "" + top);
    options.put("all-scores", "" + allScores);
    options.put("tokenwise", "" + tokenwise);
    options.put("layerwise", "" + layerwise);
    options.put("self-influence", "" + selfInfluence);
    if (byToken) {
      options.put("by-token", "true");
    }
    if (rank > 0) {
      options.put("refine", "" + refine);
    }
    options.put("batch-tokens", "" + compute.batchTokens());
    if (compute.tf32()) {
      options.put("tf32", "true");
    }
    return options;
  }
}
