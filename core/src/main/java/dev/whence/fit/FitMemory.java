package dev.whence.fit;

import dev.whence.InvalidInputException;
import dev.whence.budget.BatchMemory;
import dev.whence.budget.Compute;
import dev.whence.budget.LayerRanges;
import dev.whence.budget.LayerRanges.Range;
import dev.whence.budget.LayerShape;
import dev.whence.budget.MemoryBudget;
import dev.whence.budget.ModelShape;
import dev.whence.curvature.Blocks;
import dev.whence.tensor.DType;
import dev.whence.tensor.LongSum;
import java.util.List;
import java.util.Locale;

/**
 * How a fit divides the memory that it may take: the model and a batch's workspace come first, and
 * as many layers are fitted at a time as the rest allows.
 *
 * @param layers the tracked ones
 * @param severalChunks whether ranges of the corpus have more than one chunk, whose sums are kept
 *     apart from the total
 * @param batch the model and the workspace
 */
public record FitMemory(
    List<LayerShape> layers,
    FitSettings settings,
    boolean severalChunks,
    BatchMemory batch,
    MemoryBudget budget) {

  /**
   * Divides the memory of {@code settings}.
   *
   * @param longest tokens of the longest sequence
   * @param severalChunks whether ranges of the corpus have more than one chunk
   */
  public static FitMemory of(
      ModelShape model,
      List<LayerShape> layers,
      FitSettings settings,
      int longest,
      boolean severalChunks) {
    MemoryBudget budget = settings.compute().working();
    return new FitMemory(
        layers,
        settings,
        severalChunks,
        BatchMemory.within(
            budget,
            model,
            layers,
            settings.compute().type(),
            settings.compute().batchTokens(),
            longest),
        budget);
  }

  /** Bytes of a layer's sums and bases, at the time when they are most. */
  public long layerBytes(LayerShape layer) {
    DType type = settings.compute().type().accumulator();
    // Beside the total, the first device has the sums of a range of its own.
    int copies = settings.compute().devices().size() > 1 ? 2 : 1;
    long summing = copies * LongSum.bytes(type, severalChunks);
    long squares = squares(layer);
    // The covariances' sums; later eigenvectors beside the sums of squares. While covariances are
    // decomposed their totals go and eigenvectors, which are no larger, come.
    return Math.max(
        squares * Math.max(summing, DType.FLOAT64.bytes() + type.bytes()),
        squares * type.bytes() + settings.sumsOfSquares() * layer.elements() * summing);
  }

  private long squares(LayerShape layer) {
    return settings.fitsEigenbases()
        ? new Blocks(layer.outputs(), settings.blocks()).requireDecomposable().elements()
            + new Blocks(layer.inputs(), settings.blocks()).requireDecomposable().elements()
        : 0;
  }

  /**
   * Bytes that a layer's decomposition takes for itself. Of the largest block: its eigenvectors in
   * float64, and twice as much for LAPACK to work in, while the covariance is decomposed where it
   * lies. Afterwards: the means of all blocks where they are kept, which are written together, and
   * the last one on its way from float64; or the eigenvectors as they are stored.
   */
  public long decompositionBytes(LayerShape layer) {
    if (!settings.fitsEigenbases()) {
      return 0;
    }
    long widest = Math.ceilDiv(Math.max(layer.outputs(), layer.inputs()), settings.blocks());
    long block = widest * widest * Double.BYTES;
    long written =
        squares(layer)
            * ((settings.keepCovariances() ? settings.compute().type().accumulator().bytes() : 0)
                + (settings.factorsType().isPresent() ? settings.storedType().bytes() : 0));
    return Math.max(3 * block, written + 2 * block);
  }

  /**
   * The layers that are fitted together: consecutive ranges.
   *
   * @throws InvalidInputException when not even one layer fits
   */
  public List<Range> split() {
    requireHost();
    long free = budget.bytes() - batch.bytes();
    return LayerRanges.within(
            layers.size(),
            l -> layerBytes(layers.get(l)),
            l -> decompositionBytes(layers.get(l)),
            free)
        .orElseThrow(() ->
            new InvalidInputException(
                String.format(
                    Locale.ROOT,
                    "%s is %,d MiB but the model, a batch and one layer's factors take"
                        + " %,d MiB; allow as much, or give more --blocks or fewer --batch-tokens",
                    budget.option(),
                    budget.bytes() >> 20,
                    (batch.bytes() + least()) / (1 << 20) + 1)));
  }

  /** Bytes that a range of layers takes at most, with the model and a batch. */
  public long bytes(Range range) {
    List<LayerShape> together = range.of(layers);
    return batch.bytes()
        + together.stream().mapToLong(this::layerBytes).sum()
        + together.stream().mapToLong(this::decompositionBytes).max().orElse(0);
  }

  /**
   * Bytes of the machine's memory beside a GPU's: the program, and a layer's factors while they are
   * decomposed and written.
   */
  public long hostBytes() {
    return BatchMemory.PROGRAM_BYTES
        + layers.stream().mapToLong(l -> 2 * decompositionBytes(l)).max().orElse(0);
  }

  /**
   * The most bytes that a fit may go on with: what is free on a GPU is never twice the same, so
   * what was left of it when the fit began may be taken now.
   */
  long most() {
    Compute compute = settings.compute();
    return compute.device().isCpu() || compute.deviceMemory().isPresent()
        ? budget.bytes()
        : budget.bytes() / MemoryBudget.DEVICE_TENTHS * 10;
  }

  private void requireHost() {
    Compute compute = settings.compute();
    if (!compute.device().isCpu() && hostBytes() > compute.memory().bytes()) {
      throw new InvalidInputException(
          String.format(
              Locale.ROOT,
              "%s is %,d MiB but a layer's factors take %,d MiB beside the GPU; allow as much, or give more --blocks",
              compute.memory().option(),
              compute.memory().bytes() >> 20,
              hostBytes() / (1 << 20) + 1));
    }
  }

  private long least() {
    return layers.stream().mapToLong(l -> layerBytes(l) + decompositionBytes(l)).max().orElse(0);
  }
}
