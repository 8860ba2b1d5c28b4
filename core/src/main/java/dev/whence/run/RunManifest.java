package dev.whence.run;

import dev.whence.corpus.CorpusSummary;
import dev.whence.folder.ModelSource;
import dev.whence.tensor.DType;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * What a run folder holds and what it was made from: {@code manifest.json}.
 *
 * @param kind {@code run}
 * @param format the version of the folder's format
 * @param settings by the command line's option
 * @param layers the tracked layers in forward order
 * @param positionsPerSequence mean over the sequences that the covariances saw
 */
public record RunManifest(
    String kind,
    int format,
    String whenceVersion,
    String created,
    ModelSource model,
    CorpusSummary corpus,
    Map<String, String> settings,
    List<Layer> layers,
    long covarianceSequences,
    long covariancePositions,
    long lambdaSequences,
    double positionsPerSequence) {
  public static final int FORMAT = 1;

  /**
   * A tracked layer.
   *
   * @param outputs rows of its gradient
   * @param inputs columns of its gradient, one more than the layer's input when it has a bias
   * @param sharesInputWith an earlier layer with the same activation covariance, if there is one
   * @param activationRank directions that the layer's inputs span; fewer than {@code inputs} make
   *     their covariance singular, and damping decides there
   * @param gradientRank directions that the layer's output gradients span; fewer than {@code
   *     outputs} make their covariance singular
   * @param factorsSha256 of the layer's factor file
   */
  public record Layer(
      String name,
      int outputs,
      int inputs,
      boolean bias,
      Optional<String> sharesInputWith,
      Optional<Integer> activationRank,
      Optional<Integer> gradientRank,
      String factorsSha256) {
    /** Whether a covariance is singular: its data did not reach all directions. */
    public boolean isSingular() {
      return activationRank.map(r -> r < inputs).orElse(false)
          || gradientRank.map(r -> r < outputs).orElse(false);
    }
  }

  /** The tracked layers' names, in forward order. */
  public List<String> layerNames() {
    return layers.stream().map(Layer::name).toList();
  }

  /** The precision of the run. */
  public DType precision() {
    return DType.valueOf(settings.getOrDefault("dtype", "float32").toUpperCase(Locale.ROOT));
  }
}
