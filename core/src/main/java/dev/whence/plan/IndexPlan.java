package dev.whence.plan;

import dev.whence.budget.LayerShape;
import dev.whence.budget.ModelShape;
import dev.whence.index.Keeps;
import dev.whence.tensor.DType;
import java.util.List;

/**
 * What an influence index of the corpus will take, without a sample to measure its recall.
 *
 * @param cost of the pass that builds it
 * @param bytes on disk, an estimate from above: padding counts
 */
public record IndexPlan(Cost cost, double bytes) {

  /** Plans an index of the usual settings. */
  public static IndexPlan of(
      ModelShape model,
      List<LayerShape> tracked,
      CorpusShape corpus,
      DType type,
      Keeps.Sides keeps,
      int batchTokens) {
    Batching batches = corpus.batches(0, batchTokens, batchTokens);
    TraceCost trace = new TraceCost(model, type);
    double widths = tracked.stream().mapToDouble(l -> (double) l.inputs() + l.outputs()).sum();
    int side = keeps.components() / 2;
    // A product of every position with a side of numbers, for both sides of every layer.
    Cost pass =
        batches.cost(g -> {
          double rows = (double) g.positions() * g.sequences();
          return trace
              .of(g, tracked.getFirst())
              .plus(
                  Cost.products(
                      rows * widths * side,
                      rows * (widths + 2.0 * side * tracked.size()) * Float.BYTES,
                      4.0 * tracked.size()));
        });
    double positions =
        batches.cost(g -> Cost.products((double) g.positions() * g.sequences(), 0, 0)).products();
    return new IndexPlan(
        pass, positions * keeps.recordBytes() + (double) corpus.sequences() * Float.BYTES);
  }
}
