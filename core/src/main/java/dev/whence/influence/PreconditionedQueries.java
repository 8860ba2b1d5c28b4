package dev.whence.influence;

import dev.whence.InvalidInputException;
import dev.whence.Progress;
import dev.whence.budget.ModelShape;
import dev.whence.corpus.Query;
import dev.whence.curvature.Curvature;
import dev.whence.model.Linear;
import dev.whence.model.Model;
import dev.whence.tensor.DType;
import dev.whence.tensor.Device;
import dev.whence.tensor.RandomizedSvd;
import dev.whence.tensor.Scope;
import dev.whence.tensor.Tensor;
import dev.whence.tensor.Tensors;
import dev.whence.trace.Examples;
import dev.whence.trace.Trace;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;

/**
 * All queries' gradients times the inverse curvature, {@code P = (G + lambda)^-1 V}, layer by
 * layer, ready for one pass over the training data.
 *
 * @param layers in the tracked layers' order; owned
 * @param logProbabilities of each query's completion given its prompt, in nats
 */
public record PreconditionedQueries(List<LayerQueries> layers, List<Double> logProbabilities)
    implements AutoCloseable {
  private static final int COPIES = 8;

  /**
   * Takes each query's gradient and preconditions it.
   *
   * @param curvatures one per layer
   * @param rank of the products that are kept; 0 keeps whole gradients
   */
  public static PreconditionedQueries of(
      Model model,
      List<Linear> layers,
      List<Query> queries,
      List<Curvature> curvatures,
      int rank,
      Progress progress) {
    Measurements measurements = Measurements.of(queries, model.device());
    return of(model, layers, measurements, curvatures, rank, progress);
  }

  /**
   * Takes each measurement's gradient and preconditions it.
   *
   * @param curvatures one per layer
   * @param rank of the products that are kept; 0 keeps whole gradients
   */
  public static PreconditionedQueries of(
      Model model,
      List<Linear> layers,
      Measurements measurements,
      List<Curvature> curvatures,
      int rank,
      Progress progress) {
    if (rank < 0) {
      throw new InvalidInputException("--rank is " + rank + " but must be at least 0 (full)");
    }
    DType type = model.type().accumulator();
    PreconditionedQueries result = empty(layers, measurements.count(), rank, type, model.device());
    try (Progress.Stage stage =
        progress.begin("preconditioning", measurements.count(), "queries")) {
      for (long[] places : measurements.groups()) {
        try (Scope _ = Scope.open()) {
          result.set(places, model, layers, measurements, curvatures);
        }
        stage.advance(places.length);
      }
      return result;
    } catch (RuntimeException e) {
      result.close();
      throw e;
    }
  }

  private static PreconditionedQueries empty(
      List<Linear> layers, int queries, int rank, DType type, Device device) {
    List<LayerQueries> parts = new ArrayList<>();
    try (Scope _ = Scope.open()) {
      for (Linear layer : layers) {
        int out = layer.outputs();
        int in = layer.inputs();
        int layerRank = layer.shape().rank(rank);
        parts.add(
            rank == 0
                ? new LayerQueries.Full(Tensors.zeros(type, device, queries, out, in).keep())
                : new LayerQueries.LowRank(
                    Tensors.zeros(type, device, queries, out, layerRank).keep(),
                    Tensors.zeros(type, device, queries, layerRank, in).keep()));
      }
    }
    return new PreconditionedQueries(parts, new ArrayList<>(Collections.nCopies(queries, 0.0)));
  }

  private void set(
      long[] places,
      Model model,
      List<Linear> linears,
      Measurements measurements,
      List<Curvature> curvatures) {
    Examples batch = measurements.examples().apply(places);
    Trace trace = Trace.withLogProbabilities(model, linears, batch);
    // A gradient that is not finite has a sum that is none either.
    Tensor sums =
        Tensors.zeros(model.type().accumulator(), model.device(), layers.size(), places.length);
    for (int l = 0; l < layers.size(); l++) {
      int layer = l;
      Curvature curvature = curvatures.get(l);
      trace.slices(
          layer,
          atOnce(model, linears.get(l)),
          (row, uses) -> {
            Tensor x = // (Q_S^T V Q_A) / (Lambda + lambda): [slice, out, in]
                curvature.divide(Trace.sum(uses, curvature::coordinates));
            int count = (int) x.size(0);
            sums.select(0, layer).narrow(0, row, count).copyInPlace(x.sum(2).sum(1));
            set(
                layers.get(layer),
                Arrays.copyOfRange(places, (int) row, (int) row + count),
                curvature,
                x.finiteOrZero());
          });
    }
    requireFinite(sums, places, measurements, linears);
    double[] logs = trace.logProbabilities().orElseThrow().sum(1).toDoubles();
    for (int row = 0; row < places.length; row++) {
      logProbabilities.set((int) places[row], logs[row]);
    }
  }

  /**
   * A GPU does several gradients at a time at the cost of one. While they are carried into the
   * curvature's coordinates and back there are some copies of each, which must not take more than a
   * scan's slice; a CPU's memory is planned for one.
   */
  private static long atOnce(Model model, Linear layer) {
    return model.device().isCpu()
        ? 1
        : ModelShape.SLICE_ELEMENTS / COPIES / layer.shape().elements();
  }

  /** The sums [layers, queries] are read once for all queries of a batch. */
  private static void requireFinite(
      Tensor sums, long[] places, Measurements measurements, List<Linear> linears) {
    double[] values = sums.toDoubles();
    for (int i = 0; i < values.length; i++) {
      if (!Double.isFinite(values[i])) {
        throw new ArithmeticException(
            "the gradient of query '%s' at layer %s is not finite; try --dtype float32 or float64"
                .formatted(
                    measurements.names().get((int) places[i % places.length]),
                    linears.get(i / places.length).name()));
      }
    }
  }

  /**
   * Carries gradients back from the curvature's coordinates into the places of their queries.
   *
   * @param x [places, out, in]
   */
  static void set(LayerQueries queries, long[] places, Curvature curvature, Tensor x) {
    switch (queries) {
      case LayerQueries.Full full ->
          copyTo(full.gradients(), places, curvature.restoreColumns(curvature.restoreRows(x)));
      case LayerQueries.LowRank low -> {
        // Rotations preserve singular values: only the factors are carried back, not the whole.
        RandomizedSvd.Product thin = RandomizedSvd.of(x, (int) low.rank());
        copyTo(low.left(), places, curvature.restoreRows(thin.left()));
        copyTo(low.right(), places, curvature.restoreColumns(thin.right()));
      }
      case LayerQueries.Expanded _ ->
          throw new IllegalStateException("queries are expanded after all are set");
    }
  }

  private static void copyTo(Tensor all, long[] places, Tensor some) {
    for (int i = 0; i < places.length; i++) {
      all.select(0, places[i]).copyInPlace(some.select(0, i));
    }
  }

  /**
   * Concatenates sets of whole gradients, so that they share a pass over the data; the caller
   * closes the sets and the result.
   */
  public static PreconditionedQueries concat(List<PreconditionedQueries> sets) {
    List<LayerQueries> layers = new ArrayList<>();
    List<Double> logProbabilities = new ArrayList<>();
    sets.forEach(set -> logProbabilities.addAll(set.logProbabilities));
    try (Scope _ = Scope.open()) {
      for (int l = 0; l < sets.getFirst().layers.size(); l++) {
        List<Tensor> parts = new ArrayList<>();
        for (PreconditionedQueries set : sets) {
          if (!(set.layers.get(l) instanceof LayerQueries.Full full)) {
            throw new IllegalArgumentException("only whole gradients can be put together");
          }
          parts.add(full.gradients());
        }
        layers.add(new LayerQueries.Full(Tensors.cat(parts, 0).copy().keep()));
      }
    }
    return new PreconditionedQueries(layers, logProbabilities);
  }

  /** The same on a device; the caller closes the copy. */
  public PreconditionedQueries copyTo(Device device) {
    List<LayerQueries> copies = new ArrayList<>();
    try {
      for (LayerQueries layer : layers) {
        copies.add(layer.copyTo(device));
      }
      return new PreconditionedQueries(copies, logProbabilities);
    } catch (RuntimeException e) {
      copies.forEach(LayerQueries::close);
      throw e;
    }
  }

  /** Whether these are whole gradients, which can be put together with others. */
  public boolean isWhole() {
    return layers.stream().allMatch(LayerQueries.Full.class::isInstance);
  }

  /** Joins one set of queries at consecutive ranges of layers. Takes over the tensors. */
  public static PreconditionedQueries joinLayers(List<PreconditionedQueries> ranges) {
    return new PreconditionedQueries(
        ranges.stream().flatMap(r -> r.layers.stream()).toList(),
        ranges.getFirst().logProbabilities);
  }

  /** Bytes that all queries' gradients take. */
  public long bytes() {
    return layers.stream().mapToLong(LayerQueries::bytes).sum();
  }

  /**
   * Forms whole gradients from products of low rank, layer by layer while {@code bytes} suffice,
   * which spares the scan forming them for each batch. Takes over this object's tensors, also when
   * it fails.
   */
  public PreconditionedQueries expand(long bytes, Progress progress) {
    if (count() == 0 || layers.stream().noneMatch(LayerQueries.LowRank.class::isInstance)) {
      return this;
    }
    List<LayerQueries> expanded = new ArrayList<>();
    long left = bytes;
    try (Progress.Stage stage = progress.begin("forming products", layers.size(), "layers")) {
      for (LayerQueries layer : layers) {
        long size = formedBytes(layer);
        if (layer instanceof LayerQueries.LowRank low && size <= left) {
          expanded.add(LayerQueries.Expanded.of(low));
          left -= size;
        } else {
          expanded.add(layer);
        }
        stage.advance(1);
      }
      return new PreconditionedQueries(expanded, logProbabilities);
    } catch (RuntimeException e) {
      expanded.forEach(LayerQueries::close);
      layers.subList(expanded.size(), layers.size()).forEach(LayerQueries::close);
      throw e;
    }
  }

  private static long formedBytes(LayerQueries layer) {
    return layer instanceof LayerQueries.LowRank low
        ? low.count() * low.left().size(1) * low.right().size(2) * low.left().type().bytes()
        : 0;
  }

  /** The number of queries. */
  public int count() {
    return logProbabilities.size();
  }

  @Override
  public void close() {
    layers.forEach(LayerQueries::close);
  }
}
