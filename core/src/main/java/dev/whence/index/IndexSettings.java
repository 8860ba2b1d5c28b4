package dev.whence.index;

import dev.whence.InvalidInputException;
import dev.whence.budget.Compute;
import dev.whence.curvature.CurvatureKind;
import dev.whence.curvature.Damping;
import dev.whence.model.Linear;
import io.soabase.recordbuilder.core.RecordBuilder;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;

/**
 * What an index keeps of each position. Start from {@link #DEFAULT} and change what is needed.
 *
 * @param components how many numbers are kept of each position's gradient; 0 keeps the trace
 *     itself, so that nothing is lost
 * @param bits of each number: 1, 2, 4, 8, 16 or 32
 * @param seed of the random projections and of the queries that recall is measured on
 * @param recallQueries how many sequences' second halves are asked about to measure recall; 0
 *     measures none
 * @param selfInfluence keeps each sequence's exact influence on itself, instead of an estimate
 * @param compute how it is computed; its type and device are those that the model was loaded with
 */
@RecordBuilder
public record IndexSettings(
    CurvatureKind curvature,
    Damping damping,
    int components,
    int bits,
    long seed,
    int recallQueries,
    boolean selfInfluence,
    Compute compute)
    implements IndexSettingsBuilder.With {
  /** EK-FAC, and 32 bytes a position: the signs of 240 numbers and a scale. */
  public static final IndexSettings DEFAULT =
      new IndexSettings(
          CurvatureKind.EKFAC, Damping.DEFAULT, 240, 1, 0, 50, false, Compute.DEFAULT);

  public IndexSettings {
    if (components < 0) {
      throw new InvalidInputException(
          "--components is " + components + " but must be at least 1, or 'all'");
    }
    if (!(bits == 1 || bits == 2 || bits == 4 || bits == 8 || bits == 16 || bits == 32)) {
      throw new InvalidInputException("--bits is " + bits + " but must be 1, 2, 4, 8, 16 or 32");
    }
    if (components == 0 && bits < 16) {
      throw new InvalidInputException(
          "--bits is " + bits + " but must be 16 or 32 with --components all");
    }
    if (recallQueries < 0) {
      throw new InvalidInputException(
          "--recall-queries is " + recallQueries + " but must be at least 0");
    }
  }

  /** These settings, computed in another way. */
  public IndexSettings computing(UnaryOperator<Compute> change) {
    return withCompute(change.apply(compute));
  }

  /** Whether nothing is lost. */
  boolean keepsAll() {
    return components == 0;
  }

  /** How a position's numbers are written. */
  PositionCode code(List<Linear> layers) {
    return new PositionCode(keepsAll() ? WholeTrace.count(layers) : components, bits);
  }

  /** By the command line's option: all that the index's content follows from. */
  Map<String, String> options() {
    Map<String, String> options = new LinkedHashMap<>();
    options.put("curvature", curvature.toString());
    switch (damping) {
      case Damping.Relative(double ratio) -> options.put("damping-ratio", "" + ratio);
      case Damping.Absolute(double value) -> options.put("damping", "" + value);
    }
    options.put("components", components == 0 ? "all" : "" + components);
    options.put("bits", "" + bits);
    options.put("seed", "" + seed);
    options.put("recall-queries", "" + recallQueries);
    options.put("self-influence", "" + selfInfluence);
    options.put("batch-tokens", "" + compute.batchTokens());
    options.put("dtype", compute.type().toString());
    return options;
  }
}
