package dev.whence.plan;

import dev.whence.budget.LayerShape;
import dev.whence.budget.ModelShape;
import dev.whence.tensor.DType;
import java.util.List;

/**
 * What it costs to trace a model: forward through all of it, backward down to the first tracked
 * layer's output.
 */
record TraceCost(ModelShape model, DType type) {
  /** Activations are written forward, read and written backward. */
  private static final int TIMES_MOVED = 3;

  /** Operations that a block starts, forward and backward. */
  private static final int CALLS_PER_BLOCK = 100;

  /** The cost of tracing a batch of {@code group} down to {@code first}, the first layer traced. */
  Cost of(Batching.Group group, LayerShape first) {
    double rows = (double) group.positions() * group.sequences();
    int at = model.linears().indexOf(first);
    List<LayerShape> above =
        model.linears().subList(at + 1, model.linears().size()).stream()
            .filter(linear -> !InputSharing.shared(first, linear))
            .toList();
    double attention = attention(group);
    return new Cost(
        forward(group),
        rows * (elements(above) + 2 * blocksAbove(at) * attention),
        0,
        0,
        (double) TIMES_MOVED * model.traceBytes((long) rows, group.positions(), type),
        0,
        (double) CALLS_PER_BLOCK * model.blocks());
  }

  /** The cost of a batch's forward pass alone. */
  Cost ofForward(Batching.Group group) {
    return new Cost(forward(group), 0, 0, 0, 0, 0, (double) CALLS_PER_BLOCK * model.blocks() / 2);
  }

  private double forward(Batching.Group group) {
    double rows = (double) group.positions() * group.sequences();
    return rows * (elements(model.linears()) + model.blocks() * attention(group));
  }

  /** Of a position in a block, without the linear layers. */
  private double attention(Batching.Group group) {
    return 2.0 * model.heads() * model.headSize() * group.positions();
  }

  /** Blocks that come wholly after the linear layer at {@code place}; the head is in no block. */
  private int blocksAbove(int place) {
    int perBlock = Math.max(1, (model.linears().size() - 1) / model.blocks());
    return Math.max(0, model.blocks() - 1 - place / perBlock);
  }

  private static double elements(List<LayerShape> linears) {
    return linears.stream().mapToDouble(LayerShape::elements).sum();
  }
}
