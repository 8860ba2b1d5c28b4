package dev.whence.fit;

import dev.whence.InvalidInputException;
import dev.whence.budget.Compute;
import dev.whence.curvature.CurvatureKind;
import dev.whence.curvature.Fisher;
import dev.whence.model.LayerSelection;
import dev.whence.tensor.DType;
import dev.whence.trace.Targets;
import io.soabase.recordbuilder.core.RecordBuilder;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;

/**
 * Which curvature is fitted, and how. Start from {@link #DEFAULT} and change what is needed.
 *
 * @param covarianceSequences how many sequences the covariances see, spread over the corpus; 0 for
 *     all
 * @param lambdaSequences how many sequences the corrected eigenvalues see; 0 for all
 * @param blocks diagonal blocks of each covariance
 * @param keepCovariances whether the run folder has the covariances beside their eigenvectors,
 *     which are all that influence needs
 * @param factorsType of eigenvectors and Lambda in the run folder, if it is another than that of
 *     the sums
 * @param compute how it is computed; of that the type and the batch size decide rounding
 */
@RecordBuilder
public record FitSettings(
    LayerSelection layers,
    Set<CurvatureKind> curvatures,
    Fisher fisher,
    long seed,
    long covarianceSequences,
    long lambdaSequences,
    int blocks,
    boolean keepCovariances,
    Optional<DType> factorsType,
    Compute compute)
    implements FitSettingsBuilder.With {
  /** EK-FAC of the MLP layers, from sampled targets over the whole corpus, in float32. */
  public static final FitSettings DEFAULT =
      new FitSettings(
          LayerSelection.MLP,
          EnumSet.of(CurvatureKind.EKFAC),
          Fisher.SAMPLED,
          0,
          0,
          0,
          1,
          false,
          Optional.empty(),
          Compute.DEFAULT);

  public FitSettings {
    if (curvatures.isEmpty()) {
      throw new InvalidInputException("--curvature names none; give ekfac, for example");
    }
    requireAtLeast("--covariance-sequences", covarianceSequences, 0);
    requireAtLeast("--lambda-sequences", lambdaSequences, 0);
    requireAtLeast("--blocks", blocks, 1);
    // float16 has no room for the squares of small gradients, nor for those of large ones.
    if (factorsType.filter(type -> !type.isFloatingPoint() || type == DType.FLOAT16).isPresent()) {
      throw new InvalidInputException(
          "--factors-dtype is %s but must be float32, float64 or bfloat16"
              .formatted(factorsType.get()));
    }
    curvatures = Set.copyOf(curvatures);
  }

  private static void requireAtLeast(String option, long value, long least) {
    if (value < least) {
      throw new InvalidInputException(option + " is " + value + " but must be at least " + least);
    }
  }

  /** Asks for what these settings ask for, computed in another way. */
  public FitSettings computing(UnaryOperator<Compute> change) {
    return withCompute(change.apply(compute));
  }

  /** Whether a kind of curvature is wanted. */
  public boolean fits(CurvatureKind kind) {
    return curvatures.contains(kind);
  }

  /** Whether covariances and eigenbases are wanted. */
  public boolean fitsEigenbases() {
    return curvatures.stream().anyMatch(CurvatureKind::usesEigenbases);
  }

  /** Whether a pass over whole-sequence gradients is wanted. */
  public boolean fitsSequenceGradients() {
    return curvatures.stream().anyMatch(CurvatureKind::usesSequenceGradients);
  }

  /**
   * The tokens that gradients are taken for.
   *
   * @param stream of random draws, another for each pass
   */
  Targets targets(int stream) {
    return fisher == Fisher.SAMPLED ? new Targets.Sampled(seed, stream) : new Targets.Given();
  }

  /** The type of eigenvectors and Lambda in the run folder. */
  public DType storedType() {
    return factorsType.orElse(compute.type().accumulator());
  }

  /** How many matrices of a layer's size are summed up: Lambda, the diagonal. */
  public int sumsOfSquares() {
    return (fits(CurvatureKind.EKFAC) ? 1 : 0) + (fits(CurvatureKind.DIAGONAL) ? 1 : 0);
  }

  /** What decides the factors, by the command line's option. */
  public Map<String, String> options() {
    Map<String, String> options = new LinkedHashMap<>();
    options.put("layers", layers.expression());
    options.put(
        "curvature",
        curvatures.stream().sorted().map(CurvatureKind::toString).collect(Collectors.joining(",")));
    options.put("fisher", fisher.toString());
    options.put("seed", "" + seed);
    options.put("covariance-sequences", "" + covarianceSequences);
    options.put("lambda-sequences", "" + lambdaSequences);
    options.put("blocks", "" + blocks);
    options.put("batch-tokens", "" + compute.batchTokens());
    options.put("dtype", compute.type().toString());
    if (keepCovariances) {
      options.put("keep-covariances", "true");
    }
    factorsType.ifPresent(type -> options.put("factors-dtype", type.toString()));
    if (compute.tf32()) {
      options.put("tf32", "true");
    }
    return options;
  }
}
