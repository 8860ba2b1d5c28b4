package dev.whence.lab.solver;

import dev.whence.InvalidInputException;
import dev.whence.MemoryBudget;
import dev.whence.model.Examples;
import dev.whence.model.Linearization;
import dev.whence.tensor.Cholesky;
import dev.whence.tensor.DType;
import dev.whence.tensor.Scope;
import dev.whence.tensor.Tensor;
import dev.whence.tensor.Tensors;
import java.util.ArrayList;
import java.util.List;

/**
 * The exact inverse, by the whole Jacobian in float64: for models and data so small that it fits in
 * memory. With {@code H = R R^T} and the rows {@code B = R^T J} of all N examples, {@code G = B^T B
 * / N}; of the two systems with B B^T and B^T B the smaller one is factored.
 */
public final class DenseInverse implements InverseSolver, AutoCloseable {
  private final Tensor rows; // B / sqrt(N): [examples * positions * outputs, weights]
  private final Cholesky system; // of the smaller of B B^T and B^T B, over N, damped
  private final double damping;

  private DenseInverse(Tensor rows, Cholesky system, double damping) {
    this.rows = rows;
    this.system = system;
    this.damping = damping;
  }

  /**
   * Forms, damps and factors the matrix.
   *
   * @param rowCount examples * positions * outputs
   * @param memory that it may take
   * @throws InvalidInputException when it would take more
   */
  public static DenseInverse of(GaussNewton curvature, long rowCount, MemoryBudget memory) {
    long weights = curvature.layers().stream().mapToLong(l -> l.shape().elements()).sum();
    double small = Math.min(rowCount, weights);
    double needed = Double.BYTES * (2.0 * rowCount * weights + 2 * small * small);
    if (needed > memory.bytes()) {
      throw new InvalidInputException(
          "the exact inverse of %,d weights would take %,.0f GiB; leave the method 'exact' out"
              .formatted(weights, needed / (1L << 30)));
    }
    List<Tensor> parts = new ArrayList<>();
    long[] count = new long[1];
    try (Scope _ = Scope.open()) {
      curvature
          .data()
          .run(batch -> {
            parts.add(rows(curvature, batch).keep());
            count[0] += batch.size();
          });
      Tensor rows = Tensors.cat(parts, 0).timesInPlace(1 / Math.sqrt((double) count[0]));
      Tensor gram = isWide(rows) ? rows.matmul(rows.t()) : rows.t().matmul(rows);
      gram.diagonal().plusInPlace(gram.diagonal().times(0).plus(curvature.damping()));
      Cholesky system = Cholesky.of(gram);
      return new DenseInverse(rows.keep(), system.keep(), curvature.damping());
    } finally {
      parts.forEach(Tensor::close);
    }
  }

  private static boolean isWide(Tensor rows) {
    return rows.size(0) < rows.size(1);
  }

  /** {@code R^T J} of a batch. */
  private static Tensor rows(GaussNewton curvature, Examples batch) {
    Linearization at = Linearization.of(curvature.model(), curvature.layers(), batch);
    Tensor jacobian = at.dense().to(DType.FLOAT64); // [batch, positions * outputs, weights]
    Tensor root = batch.lossHessianRoot(at.outputs()).to(DType.FLOAT64);
    long outputs = root.size(3);
    Tensor byPosition = jacobian.reshape(-1, outputs, jacobian.size(2));
    return root.reshape(-1, outputs, outputs)
        .transpose(1, 2)
        .bmm(byPosition)
        .reshape(-1, jacobian.size(2));
  }

  @Override
  public Weights solve(Weights gradient) {
    List<Tensor> flat = gradient.parts().stream().map(t -> t.reshape(-1)).toList();
    Tensor v = Tensors.cat(flat, 0).to(DType.FLOAT64).unsqueeze(1);
    Tensor x =
        isWide(rows) // (B^T B + lambda)^-1 = (1 - B^T (B B^T + lambda)^-1 B) / lambda
            ? v.minus(rows.t().matmul(system.solve(rows.matmul(v)))).over(damping)
            : system.solve(v);
    List<Tensor> parts = new ArrayList<>();
    long from = 0;
    for (Tensor like : gradient.parts()) {
      Tensor part = x.narrow(0, from, like.elements()).reshape(like.shape());
      parts.add(part.to(like.type()));
      from += like.elements();
    }
    return new Weights(parts);
  }

  @Override
  public void close() {
    rows.close();
    system.close();
  }
}
