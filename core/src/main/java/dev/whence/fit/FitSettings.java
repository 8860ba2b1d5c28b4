package dev.whence.fit;

import dev.whence.InvalidInputException;
import dev.whence.budget.MemoryBudget;
import dev.whence.curvature.CurvatureKind;
import dev.whence.curvature.Fisher;
import dev.whence.model.LayerSelection;
import dev.whence.tensor.DType;
import dev.whence.tensor.Device;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * How curvature is fitted. Start from {@link #DEFAULT} and change what is needed.
 *
 * @param covarianceSequences how many sequences the covariances see, spread over the corpus; 0 for
 *     all
 * @param lambdaSequences the same for the corrected eigenvalues
 * @param blocks diagonal blocks of each covariance
 * @param batchTokens tokens of a batch, padding included
 * @param type the precision of the forward and backward passes; sums are in float32 or better
 * @param checkpointSeconds how often progress is saved; it decides nothing else
 * @param memory decides how many layers are fitted at a time, and nothing else
 */
public record FitSettings(
    LayerSelection layers,
    Set<CurvatureKind> curvatures,
    Fisher fisher,
    long seed,
    long covarianceSequences,
    long lambdaSequences,
    int blocks,
    int batchTokens,
    DType type,
    Device device,
    int checkpointSeconds,
    MemoryBudget memory) {
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
          4096,
          DType.FLOAT32,
          Device.CPU,
          60,
          MemoryBudget.ofMachine());

  public FitSettings {
    if (curvatures.isEmpty()) {
      throw new InvalidInputException("--curvature names none; give ekfac, for example");
    }
    requireAtLeast("--covariance-sequences", covarianceSequences, 0);
    requireAtLeast("--lambda-sequences", lambdaSequences, 0);
    requireAtLeast("--blocks", blocks, 1);
    requireAtLeast("--batch-tokens", batchTokens, 1);
    if (!type.isFloatingPoint()) {
      throw new InvalidInputException(
          "--dtype is " + type + " but must be float32, float64, bfloat16 or float16");
    }
    curvatures = Set.copyOf(curvatures);
  }

  private static void requireAtLeast(String option, long value, long least) {
    if (value < least) {
      throw new InvalidInputException(option + " is " + value + " but must be at least " + least);
    }
  }

  public FitSettings withLayers(LayerSelection selection) {
    return new FitSettings(
        selection,
        curvatures,
        fisher,
        seed,
        covarianceSequences,
        lambdaSequences,
        blocks,
        batchTokens,
        type,
        device,
        checkpointSeconds,
        memory);
  }

  public FitSettings withCurvatures(Set<CurvatureKind> kinds) {
    return new FitSettings(
        layers,
        kinds,
        fisher,
        seed,
        covarianceSequences,
        lambdaSequences,
        blocks,
        batchTokens,
        type,
        device,
        checkpointSeconds,
        memory);
  }

  public FitSettings withFisher(Fisher kind) {
    return new FitSettings(
        layers,
        curvatures,
        kind,
        seed,
        covarianceSequences,
        lambdaSequences,
        blocks,
        batchTokens,
        type,
        device,
        checkpointSeconds,
        memory);
  }

  public FitSettings withSeed(long value) {
    return new FitSettings(
        layers,
        curvatures,
        fisher,
        value,
        covarianceSequences,
        lambdaSequences,
        blocks,
        batchTokens,
        type,
        device,
        checkpointSeconds,
        memory);
  }

  /** Fits on this many sequences, spread over the corpus, instead of all. */
  public FitSettings withSequences(long covariance, long lambda) {
    return new FitSettings(
        layers,
        curvatures,
        fisher,
        seed,
        covariance,
        lambda,
        blocks,
        batchTokens,
        type,
        device,
        checkpointSeconds,
        memory);
  }

  public FitSettings withBlocks(int count) {
    return new FitSettings(
        layers,
        curvatures,
        fisher,
        seed,
        covarianceSequences,
        lambdaSequences,
        count,
        batchTokens,
        type,
        device,
        checkpointSeconds,
        memory);
  }

  public FitSettings withBatchTokens(int tokens) {
    return new FitSettings(
        layers,
        curvatures,
        fisher,
        seed,
        covarianceSequences,
        lambdaSequences,
        blocks,
        tokens,
        type,
        device,
        checkpointSeconds,
        memory);
  }

  public FitSettings withType(DType precision) {
    return new FitSettings(
        layers,
        curvatures,
        fisher,
        seed,
        covarianceSequences,
        lambdaSequences,
        blocks,
        batchTokens,
        precision,
        device,
        checkpointSeconds,
        memory);
  }

  public FitSettings withCheckpointSeconds(int seconds) {
    return new FitSettings(
        layers,
        curvatures,
        fisher,
        seed,
        covarianceSequences,
        lambdaSequences,
        blocks,
        batchTokens,
        type,
        device,
        seconds,
        memory);
  }

  public FitSettings withMemory(MemoryBudget budget) {
    return new FitSettings(
        layers,
        curvatures,
        fisher,
        seed,
        covarianceSequences,
        lambdaSequences,
        blocks,
        batchTokens,
        type,
        device,
        checkpointSeconds,
        budget);
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
    options.put("batch-tokens", "" + batchTokens);
    options.put("dtype", type.toString());
    return options;
  }
}
