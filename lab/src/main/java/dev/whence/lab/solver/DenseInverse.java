package dev.whence.lab.solver;

import dev.whence.tensor.Cholesky;
import dev.whence.tensor.DType;
import dev.whence.tensor.Scope;
import dev.whence.tensor.SymmetricProduct;
import dev.whence.tensor.Tensor;
import dev.whence.tensor.Tensors;
import dev.whence.trace.LayerJacobian;
import java.util.ArrayList;
import java.util.List;

/** The exact inverse by the matrix over all weights: for few weights, whatever the data. */
public final class DenseInverse implements ExactInverse {
  private final Cholesky system; // G + lambda

  private DenseInverse(Cholesky system) {
    this.system = system;
  }

  /** Forms and factors the matrix, from the rows of {@code together} examples at a time. */
  static DenseInverse of(GaussNewton curvature, long together) {
    long weights = curvature.weights();
    try (Scope _ = Scope.open()) {
      Tensor sum = // only the lower triangle, which is all that is factored
          Tensors.zeros(DType.FLOAT64, curvature.model().device(), weights, weights);
      long count =
          ExactInverse.forEach(
              curvature,
              together,
              layers -> {
                List<Tensor> rows = // of each layer [rows, weights]
                    layers.stream()
                        .map(LayerJacobian::dense)
                        .map(dense -> dense.reshape(-1, dense.size(2)))
                        .toList();
                SymmetricProduct.accumulate(sum, Tensors.cat(rows, 1));
              });
      sum.timesInPlace(1.0 / count);
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
