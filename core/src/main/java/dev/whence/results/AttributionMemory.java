package dev.whence.results;

import dev.whence.InvalidInputException;
import dev.whence.attribution.QuerySplit;
import dev.whence.attribution.QuerySplit.LayerBytes;
import dev.whence.attribution.QuerySplit.Range;
import dev.whence.curvature.Blocks;
import dev.whence.model.LayerShape;
import dev.whence.model.ModelShape;
import dev.whence.tensor.DType;
import java.util.List;
import java.util.Locale;

/**
 * How an attribution divides the memory that it may take: the model and a batch's workspace come
 * first, the queries share what is left.
 *
 * @param batchTokens what the workspace is for: those asked for, or fewer when memory is short
 * @param taken bytes of the program, the model and the workspace
 */
public record AttributionMemory(
    ModelShape model,
    List<LayerShape> layers,
    int blocks,
    AttributionSettings settings,
    DType type,
    int longest,
    int batchTokens,
    long taken) {
  /** The virtual machine, libtorch and their buffers. */
  public static final long PROGRAM_BYTES = 600L << 20;

  /**
   * Divides the memory of {@code settings}.
   *
   * @param layers the tracked ones
   * @param blocks of each covariance (appendix A of the paper)
   * @param longest tokens of the longest sequence or query
   */
  public static AttributionMemory of(
      ModelShape model,
      List<LayerShape> layers,
      int blocks,
      AttributionSettings settings,
      DType type,
      int longest) {
    int tokens = settings.batchTokens();
    while (true) {
      long workspace =
          model.traceBytes(Math.max(tokens, longest), longest, type)
              + ModelShape.gradientBytes(layers, Math.max(1, tokens / longest), type);
      long fixed = PROGRAM_BYTES + model.bytes(type);
      // Half of what is free goes to the batch at most, unless one sequence needs more.
      if (tokens <= longest || workspace <= (settings.memory().bytes() - fixed) / 2) {
        return new AttributionMemory(
            model, layers, blocks, settings, type, longest, tokens, fixed + workspace);
      }
      tokens = Math.max(longest, tokens / 2);
    }
  }

  /** Bytes for the queries. */
  public long free() {
    return settings.memory().bytes() - taken;
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
    long query = bytes * (rank == 0 ? out * in : Math.min(rank, Math.min(out, in)) * (out + in));
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
                    (taken + QuerySplit.least(queries, bytes)) / (1 << 20) + 1)));
  }

  /** Cuts layers into ranges whose factors fit beside the queries' own gradients. */
  List<Range> passing(Range range, int queries, int rank, boolean selfInfluence) {
    List<LayerBytes> bytes = layerBytes(rank, selfInfluence);
    long held = range.of(bytes).stream().mapToLong(b -> b.perQuery() * queries + b.held()).sum();
    return QuerySplit.passing(range, bytes, free() - held);
  }
}
