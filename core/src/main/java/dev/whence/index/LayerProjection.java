package dev.whence.index;

import dev.whence.curvature.Curvature;
import dev.whence.model.Linear;
import dev.whence.tensor.DType;
import dev.whence.tensor.Device;
import dev.whence.tensor.Tensor;
import dev.whence.tensor.Tensors;
import dev.whence.trace.Trace;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Random projections of a layer's half-whitened position gradients {@code (G + lambda)^-1/2 d a^T}.
 * Such a gradient is an outer product, and so is each direction that it is projected on: a
 * projection is the product of two, of d and of a, and the gradient is never formed. For that the
 * inverse curvature is taken for an outer product itself, {@code 1 / (Lambda + lambda) ~ (u v^T)^2}
 * in the eigenbasis, by the means of its logarithm over rows and columns. Owns its tensors.
 *
 * @param gradientSide {@code Q_S diag(u) R}, [out, components]
 * @param inputSide {@code Q_A diag(v) R'}, [in, components]
 */
record LayerProjection(Tensor gradientSide, Tensor inputSide) implements AutoCloseable {

  /**
   * The logarithms of the inverse curvature's factors.
   *
   * @param rows of u^2, [out, 1]
   * @param columns of v^2, [in, 1]
   */
  private record Separated(Tensor rows, Tensor columns) {
    static Separated of(Curvature curvature, Linear layer, DType type, Device device) {
      Tensor ones = Tensors.ones(type, device, layer.outputs(), layer.inputs());
      Tensor log = curvature.divide(ones).log(); // [out, in]
      double half = log.mean().item() / 2;
      return new Separated(
          log.mean(1).plus(-half).unsqueeze(1), log.mean(0).plus(-half).unsqueeze(1));
    }
  }

  /**
   * The projections of a corpus's gradients.
   *
   * @param components how many
   * @param key what the random directions depend on, another for each layer
   */
  static LayerProjection ofCorpus(
      Curvature curvature, Linear layer, int components, long key, DType type, Device device) {
    Separated inverse = Separated.of(curvature, layer, type, device);
    return of(
        curvature,
        layer,
        inverse.rows.times(0.5).exp(),
        inverse.columns.times(0.5).exp(),
        components,
        key);
  }

  /**
   * The projections of queries' gradients for an index that was made with {@code indexed}, so that
   * products with its own are {@code <V, (G + lambda)^-1 D>} of the curvature at hand: only where
   * the dampings are the same are both halves the same.
   */
  static LayerProjection ofQueries(
      Curvature curvature,
      Curvature indexed,
      Linear layer,
      int components,
      long key,
      DType type,
      Device device) {
    Separated inverse = Separated.of(curvature, layer, type, device);
    Separated there = Separated.of(indexed, layer, type, device);
    return of(
        curvature,
        layer,
        inverse.rows.minus(there.rows.times(0.5)).exp(),
        inverse.columns.minus(there.columns.times(0.5)).exp(),
        components,
        key);
  }

  private static LayerProjection of(
      Curvature curvature, Linear layer, Tensor u, Tensor v, int components, long key) {
    SplittableRandom random = new SplittableRandom(key);
    Tensor left = signs(random, layer.outputs(), components, u);
    Tensor right = signs(random, layer.inputs(), components, v);
    return new LayerProjection(
        curvature.restoreRows(left.timesInPlace(u)).contiguous().keep(),
        curvature.restoreColumns(right.timesInPlace(v).t()).t().contiguous().keep());
  }

  /**
   * Random signs, [rows, components], of a size such that the product of two projections is an
   * unbiased estimate of the product of what was projected.
   */
  private static Tensor signs(SplittableRandom random, int rows, int components, Tensor like) {
    float size = (float) Math.pow(components, -0.25);
    float[] signs = new float[rows * components];
    long bits = 0;
    for (int i = 0; i < signs.length; i++) {
      bits = i % Long.SIZE == 0 ? random.nextLong() : bits >>> 1;
      signs[i] = (bits & 1) == 0 ? size : -size;
    }
    return Tensors.of(signs, rows, components).to(like.type()).to(like.device());
  }

  /** The projections of each position, over the layer's uses: [batch, positions, components]. */
  Tensor of(List<Trace.Use> uses) {
    return Trace.sum(
        uses,
        (input, gradient) -> gradient.matmul(gradientSide).timesInPlace(input.matmul(inputSide)));
  }

  @Override
  public void close() {
    gradientSide.close();
    inputSide.close();
  }
}
