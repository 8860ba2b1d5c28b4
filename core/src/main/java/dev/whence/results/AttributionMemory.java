package dev.whence.results;

import dev.whence.InvalidInputException;
import dev.whence.attribution.QuerySplit;
import dev.whence.attribution.QuerySplit.LayerBytes;
import dev.whence.curvature.Blocks;
import dev.whence.model.BatchMemory;
import dev.whence.model.LayerRanges.Range;
import dev.whence.model.LayerShape;
import dev.whence.model.ModelShape;
import dev.whence.tensor.DType;
import java.util.List;
import java.util.Locale;

/**
 * How an attribution divides the memory that it may take: the model and a batch's workspace come
 * first, the queries share what is left.
 *
 * @param layers the tracked ones
 * @param blocks of each covariance (appendix A of the paper)
 * @param batch the model and the workspace
 */
public record AttributionMemory(
    List<LayerShape> layers,
    int blocks,
    AttributionSettings settings,
    DType type,
    BatchMemory batch) {
  /** So many queries' top sequences are in memory at a time, taken apart. */
  public static final int QUERIES_TAKEN_APART = 64;

  /**
   * Divides the memory of {@code settings}.
   *
   * @param longest tokens of the longest sequence or query
   */
  public static AttributionMemory of(
      ModelShape model,
      List<LayerShape> layers,
      int blocks,
      AttributionSettings settings,
      DType type,
      int longest) {
    return new AttributionMemory(
        layers,
        blocks,
        settings,
        type,
        BatchMemory.within(
            settings.memory(), model, layers, type, settings.batchTokens(), longest));
  }

  /** Bytes for the queries. */
  public long free() {
    return settings.memory().bytes() - batch.bytes();
  }

  /** What queries of a rank take at each layer. */
  public List<LayerBytes> layerBytes(int rank, boolean selfInfluence) {
    return layers.stream().map(layer -> layerBytes(layer, rank, selfInfluence)).toList();
  }

  private LayerBytes layerBytes(LayerShape layer, int rank, boolean selfInfluence) {
    long bytes = type.accumulator().bytes();
    long out = layer.outputs();
    long in = layer.inputs();
    // Eigenvectors, the eigenvalues as they were fitted and with damping.
    long factors =
        bytes
            * (new Blocks(layer.outputs(), blocks).elements()
                + new Blocks(layer.inputs(), blocks).elements()
                + 2 * out * in);
    long query = bytes * (rank == 0 ? out * in : layer.rank(rank) * (out + in));
    return new LayerBytes(query, selfInfluence ? factors : 0, factors);
  }

  /**
   * The fewest passes that stay within the memory.
   *
   * @throws InvalidInputException when not even one query at one layer fits
   */
  public QuerySplit split(int queries, int rank, boolean selfInfluence) {
    List<LayerBytes> bytes = layerBytes(rank, selfInfluence);
    return QuerySplit.fewest(queries, bytes, free())
        .orElseThrow(() ->
            new InvalidInputException(
                String.format(
                    Locale.ROOT,
                    "--memory is %,d MiB but the model, a batch and one query's gradient at one"
                        + " layer take %,d MiB; allow as much, or give fewer --batch-tokens",
                    settings.memory().bytes() >> 20,
                    (batch.bytes() + QuerySplit.least(queries, bytes)) / (1 << 20) + 1)));
  }

  /** Cuts layers into ranges whose factors fit beside the queries' own gradients. */
  public List<Range> passing(Range range, int queries, int rank, boolean selfInfluence) {
    List<LayerBytes> bytes = layerBytes(rank, selfInfluence);
    long held = range.of(bytes).stream().mapToLong(b -> b.perQuery() * queries + b.held()).sum();
    return QuerySplit.passing(range, bytes, free() - held);
  }
}
