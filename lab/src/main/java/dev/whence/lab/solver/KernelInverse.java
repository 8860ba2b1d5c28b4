package dev.whence.lab.solver;

import dev.whence.tensor.Cholesky;
import dev.whence.tensor.DType;
import dev.whence.tensor.Scope;
import dev.whence.tensor.Tensor;
import dev.whence.tensor.Tensors;
import dev.whence.trace.LayerJacobian;
import java.util.ArrayList;
import java.util.List;

/**
 * The exact inverse by the matrix over all examples' outputs, the weighted neural tangent kernel
 * {@code B B^T}: for little data, whatever the number of weights. {@code (B^T B + lambda)^-1 = (1 -
 * B^T (B B^T + lambda)^-1 B) / lambda}.
 */
public final class KernelInverse implements ExactInverse {
  private final List<LayerJacobian> rows; // B / sqrt(N), of all examples
  private final Cholesky system; // B B^T / N + lambda
  private final double damping;

  private KernelInverse(List<LayerJacobian> rows, Cholesky system, double damping) {
    this.rows = rows;
    this.system = system;
    this.damping = damping;
  }

  /** Forms and factors the matrix, from the rows of {@code together} examples at a time. */
  static KernelInverse of(GaussNewton curvature, long together) {
    List<List<LayerJacobian>> batches = new ArrayList<>(); // of each layer
    curvature.layers().forEach(_ -> batches.add(new ArrayList<>()));
    List<LayerJacobian> rows = new ArrayList<>();
    try (Scope _ = Scope.open()) {
      long count =
          ExactInverse.forEach(
              curvature,
              together,
              layers -> {
                for (int l = 0; l < layers.size(); l++) {
                  batches.get(l).add(layers.get(l).keep());
                }
              });
      double scale = 1 / Math.sqrt((double) count);
      for (List<LayerJacobian> layerBatches : batches) {
        try (Scope _ = Scope.open()) { // otherwise views would hold the batches' memory
          rows.add(LayerJacobian.cat(layerBatches).combined(j -> j.timesInPlace(scale)).keep());
        }
        close(layerBatches);
        layerBatches.clear();
      }
      long side = rows.getFirst().rows();
      Tensor gram = Tensors.zeros(DType.FLOAT64, curvature.model().device(), side, side);
      for (LayerJacobian layer : rows) {
        try (Scope _ = Scope.open()) {
          layer.addGram(gram);
        }
      }
      Cholesky system = Cholesky.damped(gram, curvature.damping());
      return new KernelInverse(rows, system.keep(), curvature.damping());
    } catch (RuntimeException e) {
      close(rows);
      throw e;
    } finally {
      batches.forEach(KernelInverse::close);
    }
  }

  @Override
  public Weights solve(Weights gradient) {
    List<Tensor> v = gradient.parts().stream().map(t -> t.to(DType.FLOAT64)).toList();
    Tensor forward = rows.getFirst().forward(v.getFirst());
    for (int l = 1; l < v.size(); l++) {
      forward.plusInPlace(rows.get(l).forward(v.get(l)));
    }
    Tensor inside = system.solve(forward.unsqueeze(1)).select(1, 0);
    List<Tensor> parts = new ArrayList<>();
    for (int l = 0; l < v.size(); l++) {
      Tensor part = v.get(l).minus(rows.get(l).backward(inside)).over(damping);
      parts.add(part.to(gradient.parts().get(l).type()));
    }
    return new Weights(parts);
  }

  private static void close(List<LayerJacobian> layers) {
    layers.forEach(LayerJacobian::close);
  }

  @Override
  public void close() {
    close(rows);
    system.close();
  }
}
