package dev.whence.lab.solver;

import dev.whence.model.LayerJacobian;
import dev.whence.tensor.Cholesky;
import dev.whence.tensor.DType;
import dev.whence.tensor.Scope;
import dev.whence.tensor.SymmetricProduct;
import dev.whence.tensor.Tensor;
import dev.whence.tensor.Tensors;
import java.util.ArrayList;
import java.util.List;

/** The exact inverse by the matrix over all weights: for few weights, whatever the data. */
public final class DenseInverse implements ExactInverse {
  /** Examples whose rows are formed at a time. */
  private static final int TOGETHER = 8;

  private final Cholesky system; // G + lambda

  private DenseInverse(Cholesky system) {
    this.system = system;
  }

  static DenseInverse of(GaussNewton curvature) {
    long weights = curvature.layers().stream().mapToLong(l -> l.shape().elements()).sum();
    try (Scope _ = Scope.open()) {
      Tensor sum = // its lower triangle, which is all that is factored
          Tensors.zeros(DType.FLOAT64, curvature.model().device(), weights, weights);
      long[] count = new long[1];
      curvature
          .data()
          .run(batch -> {
            for (int first = 0; first < batch.size(); first += TOGETHER) {
              try (Scope _ = Scope.open()) {
                int some = Math.min(TOGETHER, batch.size() - first);
                List<Tensor> layers =
                    ExactInverse.rows(curvature, batch.narrow(first, some)).stream()
                        .map(LayerJacobian::dense)
                        .map(dense -> dense.reshape(-1, dense.size(2)))
                        .toList();
                SymmetricProduct.accumulate(sum, Tensors.cat(layers, 1));
              }
            }
            count[0] += batch.size();
          });
      sum.timesInPlace(1.0 / count[0]);
      return new DenseInverse(Cholesky.damped(sum, curvature.damping()).keep());
    }
  }

  @Override
  public Weights solve(Weights gradient) {
    List<Tensor> flat = gradient.parts().stream().map(t -> t.reshape(-1)).toList();
    Tensor x = system.solve(Tensors.cat(flat, 0).to(DType.FLOAT64).unsqueeze(1));
    List<Tensor> parts = new ArrayList<>();
    long from = 0;
    for (Tensor like : gradient.parts()) {
      parts.add(x.narrow(0, from, like.elements()).reshape(like.shape()).to(like.type()));
      from += like.elements();
    }
    return new Weights(parts);
  }

  @Override
  public void close() {
    system.close();
  }
}
