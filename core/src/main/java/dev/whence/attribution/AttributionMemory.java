package dev.whence.attribution;

import dev.whence.budget.BatchMemory;
import dev.whence.budget.LayerShape;
import dev.whence.budget.MemoryBudget;
import dev.whence.budget.ModelShape;
import dev.whence.curvature.Blocks;
import dev.whence.influence.QuerySplit.LayerBytes;
import dev.whence.tensor.DType;
import dev.whence.trace.PassRanges;
import java.util.List;
import java.util.function.ToLongFunction;

/**
 * How an attribution divides the memory that it may take: the model and a batch's workspace come
 * first, the queries share what is left.
 *
 * @param layers the tracked ones
 * @param blocks of each covariance (appendix A of the paper)
 * @param longest tokens of the longest sequence or query
 * @param batch the model and the workspace
 * @param budget all of it
 */
public record AttributionMemory(
    List<LayerShape> layers,
    int blocks,
    AttributionSettings settings,
    DType type,
    int longest,
    BatchMemory batch,
    MemoryBudget budget) {
  /** The top sequences of so many queries are attributed to tokens and layers at a time. */
  public static final int QUERIES_ATTRIBUTED_AT_ONCE = 64;

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
    MemoryBudget budget = settings.compute().working();
    return new AttributionMemory(
        layers,
        blocks,
        settings,
        type,
        longest,
        BatchMemory.within(budget, model, layers, type, settings.compute().batchTokens(), longest),
        budget);
  }

  /** Bytes for the queries. */
  public long free() {
    return budget.bytes() - batch.bytes();
  }

  /** For the queries as they are scanned with. */
  public QueryMemory scanning() {
    return of(layer -> bytes(layer, settings.rank()), settings.selfInfluence(), tokenwiseBytes());
  }

  /** For queries with whole gradients, whatever the settings' rank. */
  public QueryMemory whole() {
    return of(layer -> bytes(layer, 0), false, 0);
  }

  /** For queries with whole gradients and with products beside them. */
  public QueryMemory checking() {
    return of(layer -> bytes(layer, 0) + bytes(layer, settings.rank()), false, 0);
  }

  private QueryMemory of(ToLongFunction<LayerShape> query, boolean selfInfluence, long beside) {
    return new QueryMemory(
        this,
        layers.stream()
            .map(layer ->
                new LayerBytes(
                    query.applyAsLong(layer), selfInfluence ? factors(layer) : 0, factors(layer)))
            .toList(),
        beside);
  }

  /**
   * Bytes of a query's scores at each position of a batch: their sum over the layers, one layer's,
   * a copy to be written; and of all batches of a chunk, which wait for the layers of later passes.
   */
  private long tokenwiseBytes() {
    if (!settings.tokenwise()) {
      return 0;
    }
    long batch = Math.max(settings.compute().batchTokens(), longest);
    long chunk = (long) PassRanges.BATCHES_PER_CHUNK * settings.compute().batchTokens() + longest;
    return (3 * batch + chunk) * type.accumulator().bytes();
  }

  /** Eigenvectors, the eigenvalues as they were fitted and with damping. */
  private long factors(LayerShape layer) {
    return type.accumulator().bytes()
        * (new Blocks(layer.outputs(), blocks).elements()
            + new Blocks(layer.inputs(), blocks).elements()
            + 2 * layer.elements());
  }

  private long bytes(LayerShape layer, int rank) {
    return type.accumulator().bytes()
        * (rank == 0
            ? layer.elements()
            : layer.rank(rank) * ((long) layer.outputs() + layer.inputs()));
  }
}
