package dev.whence.attribution;

import dev.whence.model.Trace;
import dev.whence.tensor.Eigen;
import dev.whence.tensor.Scope;
import dev.whence.tensor.Tensor;
import dev.whence.tensor.Tensors;
import java.util.ArrayList;
import java.util.List;

/** The preconditioned gradients P of all queries at one layer. Owns its tensors. */
public sealed interface LayerQueries extends AutoCloseable {
  int count();

  /** The largest rank of a P; 0 when they are kept whole. */
  long rank();

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

  /** {@code <P, D>} by the given route: [batch, queries]. */
  default Tensor scores(List<Trace.Use> uses, ScoreRoute route) {
    return switch (route) {
      case GRADIENTS -> byGradients(uses);
      case POSITIONS -> byPositions(uses).sum(1);
    };
  }

  @Override
  void close();

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
    public Tensor byGradients(List<Trace.Use> uses) {
      Tensor sequences = Trace.sequenceGradients(uses); // [batch, out, in]
      return sequences.reshape(sequences.size(0), -1).matmul(gradients.reshape(count(), -1).t());
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
    public Tensor byPositions(List<Trace.Use> uses, int query) {
      Tensor gradient = gradients.select(0, query); // [out, in]
      return LayerQueries.sum(
          uses.stream()
              .map(use -> use.gradient().matmul(gradient).timesInPlace(use.input()).sum(2))
              .toList());
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

    /**
     * The nearest products of rank {@code r} to [out, in] gradients, by exact singular value
     * decomposition.
     */
    static Eigen.Singular truncate(Tensor gradient, int r) {
      Eigen.Singular whole = Eigen.singular(gradient);
      long kept = Math.min(r, whole.s().size(0));
      return new Eigen.Singular(
          whole.u().narrow(1, 0, kept),
          whole.s().narrow(0, 0, kept),
          whole.vt().narrow(0, 0, kept));
    }

    @Override
    public int count() {
      return (int) left.size(0);
    }

    @Override
    public long rank() {
      return left.size(2);
    }

    @Override
    public Tensor byGradients(List<Trace.Use> uses) {
      return new Full(left.bmm(right)).byGradients(uses);
    }

    @Override
    public Tensor byPositions(List<Trace.Use> uses) {
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
    public void close() {
      left.close();
      right.close();
    }
  }

  private static Tensor sum(List<Tensor> tensors) {
    Tensor sum = tensors.getFirst();
    for (Tensor t : tensors.subList(1, tensors.size())) {
      sum = sum.plusInPlace(t);
    }
    return sum;
  }
}
