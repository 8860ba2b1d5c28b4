package dev.whence.plan;

import dev.whence.InvalidInputException;
import dev.whence.budget.LayerRanges.Range;
import dev.whence.budget.LayerShape;
import dev.whence.budget.ModelShape;
import dev.whence.curvature.CurvatureKind;
import dev.whence.curvature.RotationRoute;
import dev.whence.fit.FitMemory;
import dev.whence.fit.FitSettings;
import dev.whence.tensor.DType;
import dev.whence.trace.PassRanges;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.LongStream;

/**
 * What a fit will take.
 *
 * @param ranges of layers that are fitted together: a pass for each
 * @param batchTokens tokens of a batch: the setting, or fewer when memory is short
 * @param memoryBytes of the peak where tensors are, an estimate from above
 * @param hostBytes of the machine's memory, where tensors are on a GPU
 * @param runBytes of the run folder when it is done
 * @param workBytes on disk beyond that while it runs
 */
public record FitPlan(
    List<Phase> phases,
    List<Layer> layers,
    List<Range> ranges,
    int batchTokens,
    double memoryBytes,
    double hostBytes,
    double runBytes,
    double workBytes) {

  /**
   * What one layer takes.
   *
   * @param leads whether it has an activation covariance of its own, not another layer's
   * @param route how the gradients of sequences of the typical length are rotated
   * @param runBytes of its factor file
   */
  public record Layer(
      LayerShape shape,
      boolean leads,
      RotationRoute route,
      Cost covariances,
      Cost decomposition,
      Cost squares,
      double runBytes) {}

  /**
   * Plans a fit.
   *
   * @param tracked layers of the model, in forward order
   * @throws InvalidInputException when the memory of the settings does not suffice
   */
  public static FitPlan of(
      ModelShape model, List<LayerShape> tracked, FitSettings settings, CorpusShape corpus) {
    FitMemory memory =
        FitMemory.of(model, tracked, settings, corpus.longest(), severalChunks(settings, corpus));
    int batchTokens = memory.batch().tokens();
    List<Range> ranges = memory.split();
    Batching covariance =
        settings.fitsEigenbases()
            ? corpus.batches(
                settings.covarianceSequences(), settings.compute().batchTokens(), batchTokens)
            : Batching.NONE;
    Batching squares =
        settings.fitsSequenceGradients()
            ? corpus.batches(
                settings.lambdaSequences(), settings.compute().batchTokens(), batchTokens)
            : Batching.NONE;
    TraceCost trace = new TraceCost(model, settings.compute().type());
    Cost covarianceTraces = Cost.NONE;
    Cost squareTraces = Cost.NONE;
    List<Layer> layers = new ArrayList<>();
    for (Range range : ranges) {
      List<LayerShape> together = range.of(tracked);
      covarianceTraces =
          covarianceTraces.plus(covariance.cost(g -> trace.of(g, together.getFirst())));
      squareTraces = squareTraces.plus(squares.cost(g -> trace.of(g, together.getFirst())));
      for (int l = 0; l < together.size(); l++) {
        layers.add(layer(together, l, settings, covariance, squares));
      }
    }
    List<Phase> phases = new ArrayList<>();
    if (settings.fitsEigenbases()) {
      phases.add(
          new Phase(
              "accumulating covariances",
              ranges.size(),
              covariance.sequences(),
              "sequences",
              covarianceTraces.plus(Cost.sum(layers.stream().map(Layer::covariances).toList()))));
      phases.add(
          new Phase(
              "decomposing",
              1,
              layers.size(),
              "layers",
              Cost.sum(layers.stream().map(Layer::decomposition).toList())));
    }
    if (settings.fitsSequenceGradients()) {
      phases.add(
          new Phase(
              "accumulating corrected eigenvalues",
              ranges.size(),
              squares.sequences(),
              "sequences",
              squareTraces.plus(Cost.sum(layers.stream().map(Layer::squares).toList()))));
    }
    return new FitPlan(
        phases,
        layers,
        ranges,
        batchTokens,
        ranges.stream().mapToDouble(memory::bytes).max().orElse(0),
        memory.hostBytes(),
        layers.stream().mapToDouble(Layer::runBytes).sum(),
        ranges.stream()
            .mapToDouble(r -> checkpoint(r.of(tracked), settings, memory.severalChunks()))
            .max()
            .orElse(0));
  }

  private static boolean severalChunks(FitSettings settings, CorpusShape corpus) {
    return LongStream.of(settings.covarianceSequences(), settings.lambdaSequences())
        .map(count -> corpus.chunks(count, settings.compute().batchTokens()))
        .anyMatch(chunks -> chunks > PassRanges.MOST);
  }

  private static Layer layer(
      List<LayerShape> together,
      int l,
      FitSettings settings,
      Batching covariance,
      Batching squares) {
    boolean leads = InputSharing.leads(together, l);
    DType type = settings.compute().type().accumulator();
    LayerCost cost = new LayerCost(together.get(l), settings.blocks(), type);
    boolean bases = settings.fitsEigenbases();
    boolean lambda = settings.fits(CurvatureKind.EKFAC);
    boolean diagonal = settings.fits(CurvatureKind.DIAGONAL);
    LayerShape shape = together.get(l);
    double eigenvectors = cost.activationElements() + cost.gradientElements();
    double factors =
        bases
            ? eigenvectors
                    * (settings.storedType().bytes()
                        + (settings.keepCovariances() ? type.bytes() : 0))
                + (double) (shape.inputs() + shape.outputs()) * type.bytes()
            : 0;
    double sums =
        (double) shape.elements()
            * ((lambda ? settings.storedType().bytes() : 0) + (diagonal ? type.bytes() : 0));
    return new Layer(
        together.get(l),
        leads,
        cost.rotationRoute(squares.typicalPositions()),
        bases ? covariance.cost(g -> cost.covariances(g, leads)) : Cost.NONE,
        bases ? cost.decomposition(leads) : Cost.NONE,
        squares.cost(g -> cost.squares(g, lambda, diagonal)),
        factors + sums);
  }

  /**
   * Bytes of the two passes' checkpoints: the next one is written beside the last, and those of the
   * covariances stay until the range is done. Within a range of several chunks, its sums are saved
   * beside the totals.
   */
  private static double checkpoint(
      List<LayerShape> layers, FitSettings settings, boolean severalChunks) {
    DType type = settings.compute().type().accumulator();
    double covariances = 0;
    double squares = 0;
    for (int l = 0; l < layers.size(); l++) {
      LayerCost cost = new LayerCost(layers.get(l), settings.blocks(), type);
      if (settings.fitsEigenbases()) {
        covariances +=
            cost.gradientElements()
                + (InputSharing.leads(layers, l) ? cost.activationElements() : 0);
      }
      squares += (double) settings.sumsOfSquares() * layers.get(l).elements();
    }
    return Math.max(2 * covariances, covariances + 2 * squares)
        * (severalChunks ? 2 : 1)
        * DType.FLOAT64.bytes();
  }
}
