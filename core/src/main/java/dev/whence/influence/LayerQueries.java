package dev.whence.influence;

import dev.whence.tensor.Device;
import dev.whence.tensor.LongProduct;
import dev.whence.tensor.Scope;
import dev.whence.tensor.Tensor;
import dev.whence.tensor.Tensors;
import dev.whence.trace.Trace;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/** The preconditioned gradients P of all queries at one layer. Owns its tensors. */
public sealed interface LayerQueries extends AutoCloseable {
  /** The most elements of an intermediate result; queries that need more are taken in batches. */
  long ROOM_ELEMENTS = 1L << 26;

  /** The most queries whose whole gradients are multiplied as a {@link LongProduct}. */
  int FEW_QUERIES = 16;

  int count();

  /** The rank of the products that approximate the gradients P; 0 for whole gradients. */
  long rank();

  /** The tensors by name, for a file; {@link #of} restores the queries from them. */
  Map<String, Tensor> tensors();

  /** Restores queries from the {@link #tensors} of a file, which are in the caller's scope. */
  static LayerQueries of(Function<String, Tensor> tensors, int rank) {
    if (rank == 0) {
      return new Full(tensors.apply("gradients").keep());
    }
    Tensor left = tensors.apply("left");
    Tensor right = tensors.apply("right"); // keep neither unless both were read
    return new LowRank(left.keep(), right.keep());
  }

  /** Bytes that the tensors take. */
  long bytes();

  /** Whether whole gradients P are in memory, so that no route need form them from products. */
  boolean isFormed();

  /**
   * {@code <P, D>} for each sequence and query, by way of the sequences' gradients: [batch,
   * queries].
   */
  Tensor byGradients(List<Trace.Use> uses);

  /**
   * {@code d_t^T P a_t} for each position and query, summed over the layer's uses: [batch,
   * positions, queries].
   */
  Tensor byPositions(List<Trace.Use> uses);

  /** {@code d_t^T P a_t} for one query: [batch, positions]. */
  Tensor byPositions(List<Trace.Use> uses, int query);

  /** One query's P, [out, in]. */
  Tensor gradient(int query);

  /** {@code <P, D>} by the given route: [batch, queries]. */
  default Tensor scores(List<Trace.Use> uses, ScoreRoute route) {
    return switch (route) {
      case GRADIENTS -> byGradients(uses);
      case POSITIONS -> byPositions(uses).sum(1);
    };
  }

  /** The same on a device; the caller closes the copy. */
  LayerQueries copyTo(Device device);

  @Override
  void close();

  private static Tensor copy(Tensor tensor, Device device) {
    return device.equals(tensor.device()) ? tensor.copy() : tensor.to(device);
  }

  /**
   * Whole gradients.
   *
   * @param gradients [queries, out, in]
   */
  record Full(Tensor gradients) implements LayerQueries {
    @Override
    public int count() {
      return (int) gradients.size(0);
    }

    @Override
    public long rank() {
      return 0;
    }

    @Override
    public Map<String, Tensor> tensors() {
      return Map.of("gradients", gradients);
    }

    @Override
    public long bytes() {
      return LayerQueries.bytes(gradients);
    }

    @Override
    public boolean isFormed() {
      return true;
    }

    @Override
    public Tensor byGradients(List<Trace.Use> uses) {
      return products(gradients, Trace.sequenceGradients(uses));
    }

    @Override
    public Tensor byPositions(List<Trace.Use> uses) {
      List<Tensor> columns = new ArrayList<>();
      for (int q = 0; q < count(); q++) {
        int query = q;
        columns.add(Scope.result(() -> byPositions(uses, query)));
      }
      return Tensors.stack(columns, 2);
    }

    @Override
    public Tensor gradient(int query) {
      return gradients.select(0, query);
    }

    @Override
    public Tensor byPositions(List<Trace.Use> uses, int query) {
      Tensor gradient = gradient(query);
      return LayerQueries.sum(
          uses.stream()
              .map(use -> use.gradient().matmul(gradient).timesInPlace(use.input()).sum(2))
              .toList());
    }

    @Override
    public Full copyTo(Device device) {
      try (Scope _ = Scope.open()) {
        return new Full(copy(gradients, device).keep());
      }
    }

    @Override
    public void close() {
      gradients.close();
    }
  }

  /**
   * Gradients as products of rank r (section 3.2.2 of the paper).
   *
   * @param left [queries, out, r]
   * @param right [queries, r, in]
   */
  record LowRank(Tensor left, Tensor right) implements LayerQueries {
    @Override
    public int count() {
      return (int) left.size(0);
    }

    @Override
    public long rank() {
      return left.size(2);
    }

    @Override
    public Map<String, Tensor> tensors() {
      return Map.of("left", left, "right", right);
    }

    @Override
    public long bytes() {
      return LayerQueries.bytes(left) + LayerQueries.bytes(right);
    }

    @Override
    public boolean isFormed() {
      return false;
    }

    @Override
    public Tensor byGradients(List<Trace.Use> uses) {
      Tensor sequences = Trace.sequenceGradients(uses); // [batch, out, in]
      long each = left.size(1) * right.size(2);
      return inBatches(
          each, 1, batch -> LayerQueries.products(batch.left.bmm(batch.right), sequences));
    }

    /**
     * Applies {@code work} to batches of the queries, and concatenates the results.
     *
     * @param each elements of a query's intermediate result
     * @param dimension of the queries in the result
     */
    private Tensor inBatches(long each, int dimension, Function<LowRank, Tensor> work) {
      long most = Math.max(1, ROOM_ELEMENTS / each);
      if (count() <= most) {
        return work.apply(this);
      }
      List<Tensor> parts = new ArrayList<>();
      for (long first = 0; first < count(); first += most) {
        long start = first;
        long size = Math.min(most, count() - first);
        parts.add(
            Scope.result(() ->
                work.apply(
                    new LowRank(left.narrow(0, start, size), right.narrow(0, start, size)))));
      }
      return Tensors.cat(parts, dimension);
    }

    @Override
    public Tensor byPositions(List<Trace.Use> uses) {
      long rows = uses.getFirst().gradient().size(0) * uses.getFirst().gradient().size(1);
      return inBatches(rows * rank(), 2, batch -> batch.positions(uses));
    }

    private Tensor positions(List<Trace.Use> uses) {
      long columns = count() * rank();
      Tensor lefts = left.transpose(0, 1).reshape(left.size(1), columns); // [out, queries * r]
      Tensor rights = right.reshape(columns, right.size(2)); // [queries * r, in]
      return LayerQueries.sum(uses.stream().map(use -> products(use, lefts, rights.t())).toList());
    }

    private Tensor products(Trace.Use use, Tensor lefts, Tensor rights) {
      Tensor d = use.gradient().matmul(lefts); // [batch, positions, queries * r]
      Tensor a = use.input().matmul(rights);
      return d.timesInPlace(a).reshape(d.size(0), d.size(1), count(), rank()).sum(3);
    }

    @Override
    public Tensor byPositions(List<Trace.Use> uses, int query) {
      Tensor u = left.select(0, query); // [out, r]
      Tensor v = right.select(0, query).t(); // [in, r]
      return LayerQueries.sum(
          uses.stream()
              .map(use -> use.gradient().matmul(u).timesInPlace(use.input().matmul(v)).sum(2))
              .toList());
    }

    @Override
    public Tensor gradient(int query) {
      return left.select(0, query).matmul(right.select(0, query));
    }

    @Override
    public LowRank copyTo(Device device) {
      try (Scope _ = Scope.open()) {
        Tensor leftCopy = copy(left, device);
        Tensor rightCopy = copy(right, device);
        return new LowRank(leftCopy.keep(), rightCopy.keep());
      }
    }

    @Override
    public void close() {
      left.close();
      right.close();
    }
  }

  /**
   * Products of low rank, and the gradients formed from them: more memory, for a cheaper route by
   * gradients.
   *
   * @param formed all queries' P side by side for each element, the order in which a scan reads
   *     them fastest: [out, in, queries]
   */
  record Expanded(LowRank factors, Tensor formed) implements LayerQueries {
    /** The most elements of a batch of rows, which is formed before it is copied. */
    private static final long ROWS_ELEMENTS = 1L << 24;

    static Expanded of(LowRank factors) {
      Tensor left = factors.left;
      long queries = left.size(0);
      long out = left.size(1);
      long in = factors.right.size(2);
      long most = Math.clamp(ROWS_ELEMENTS / (queries * in), 1, out);
      try (Scope _ = Scope.open()) {
        Tensor formed = Tensors.unwritten(left.type(), left.device(), out, in, queries);
        for (long row = 0; row < out; row += most) {
          long rows = Math.min(most, out - row);
          try (Scope _ = Scope.open()) {
            Tensor batch = left.narrow(1, row, rows).bmm(factors.right); // [queries, rows, in]
            Tensor queriesLast = batch.transpose(0, 1).transpose(1, 2); // [rows, in, queries]
            formed.narrow(0, row, rows).copyInPlace(queriesLast);
          }
        }
        return new Expanded(factors, formed.keep());
      }
    }

    @Override
    public int count() {
      return factors.count();
    }

    @Override
    public long rank() {
      return factors.rank();
    }

    @Override
    public Map<String, Tensor> tensors() {
      return factors.tensors();
    }

    @Override
    public long bytes() {
      return factors.bytes() + LayerQueries.bytes(formed);
    }

    @Override
    public boolean isFormed() {
      return true;
    }

    @Override
    public Tensor byGradients(List<Trace.Use> uses) {
      Tensor sequences = Trace.sequenceGradients(uses);
      return LongProduct.of(sequences.reshape(sequences.size(0), -1), formed.reshape(-1, count()));
    }

    @Override
    public Tensor byPositions(List<Trace.Use> uses) {
      return factors.byPositions(uses);
    }

    @Override
    public Tensor byPositions(List<Trace.Use> uses, int query) {
      return factors.byPositions(uses, query);
    }

    @Override
    public Tensor gradient(int query) {
      return factors.gradient(query);
    }

    @Override
    public Expanded copyTo(Device device) {
      try (Scope _ = Scope.open()) {
        Tensor formedCopy = copy(formed, device);
        return new Expanded(factors.copyTo(device), formedCopy.keep());
      }
    }

    @Override
    public void close() {
      factors.close();
      formed.close();
    }
  }

  /** {@code <P, D>} for P [queries, out, in] and D [batch, out, in]: [batch, queries]. */
  private static Tensor products(Tensor queries, Tensor sequences) {
    Tensor columns = queries.reshape(queries.size(0), -1); // [queries, out * in]
    Tensor rows = sequences.reshape(sequences.size(0), -1); // [batch, out * in]
    // With many queries, the product with queries as its rows takes two thirds of the time.
    return queries.size(0) <= FEW_QUERIES
        ? LongProduct.of(rows, columns.t())
        : columns.matmul(rows.t()).t();
  }

  private static long bytes(Tensor tensor) {
    return tensor.elements() * tensor.type().bytes();
  }

  private static Tensor sum(List<Tensor> tensors) {
    Tensor sum = tensors.getFirst();
    for (Tensor t : tensors.subList(1, tensors.size())) {
      sum = sum.plusInPlace(t);
    }
    return sum;
  }
}
