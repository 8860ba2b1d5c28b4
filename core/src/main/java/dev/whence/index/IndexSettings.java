package dev.whence.index;

import dev.whence.InvalidInputException;
import dev.whence.budget.Compute;
import dev.whence.curvature.CurvatureKind;
import dev.whence.curvature.Damping;
import io.soabase.recordbuilder.core.RecordBuilder;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.UnaryOperator;

/**
 * What an index keeps of each position. Start from {@link #DEFAULT} and change what is needed.
 *
 * @param keeps what is kept of each position
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
    Keeps keeps,
    long seed,
    int recallQueries,
    boolean selfInfluence,
    Compute compute)
    implements IndexSettingsBuilder.With {
  /** EK-FAC, and 32 bytes a position: the signs of 240 numbers and a scale. */
  public static final IndexSettings DEFAULT =
      new IndexSettings(
          CurvatureKind.EKFAC, Damping.DEFAULT, Keeps.USUAL, 0, 50, false, Compute.DEFAULT);

  public IndexSettings {
    if (recallQueries < 0) {
      throw new InvalidInputException(
          "--recall-queries is " + recallQueries + " but must be at least 0");
    }
  }

  /** These settings, computed in another way. */
  public IndexSettings computing(UnaryOperator<Compute> change) {
    return withCompute(change.apply(compute));
  }

  /** By the command line's option: all that the index's content follows from. */
  Map<String, String> options() {
    Map<String, String> options = new LinkedHashMap<>();
    options.put("curvature", curvature.toString());
    switch (damping) {
      case Damping.Relative(double ratio) -> options.put("damping-ratio", "" + ratio);
      case Damping.Absolute(double value) -> options.put("damping", "" + value);
    }
    options.putAll(keeps.options());
    options.put("seed", "" + seed);
    options.put("recall-queries", "" + recallQueries);
    options.put("self-influence", "" + selfInfluence);
    options.put("batch-tokens", "" + compute.batchTokens());
    options.put("dtype", compute.type().toString());
    return options;
  }
}
