package dev.whence.index;

import dev.whence.curvature.Curvature;
import dev.whence.curvature.LayerFactors;
import dev.whence.model.Linear;
import dev.whence.tensor.DType;
import dev.whence.tensor.Device;
import dev.whence.tensor.Tensor;
import dev.whence.tensor.Tensors;
import java.util.Optional;
import java.util.SplittableRandom;

/**
 * Random projections of a layer's inputs and output gradients, each times its part of the
 * half-inverted curvature. A position's half-whitened gradient is an outer product {@code (G +
 * lambda)^-1/2 d a^T}; the product of two such is the product of two numbers, one of either side,
 * and each is estimated by itself. Where neither side is alike both estimates are near zero and
 * their product is much nearer: the noise of all the pairs that have nothing in common, which one
 * projection of the outer products would add up, goes.
 *
 * <p>For that the inverse curvature is taken for an outer product itself, {@code 1 / (Lambda +
 * lambda) ~ (u v^T)^2} in the eigenbasis, by the means of its logarithm over rows and columns. Owns
 * its tensors.
 *
 * @param inputSide {@code Q_A diag(v) R}, [in, side]
 * @param gradientSide {@code Q_S diag(u) R'}, [out, side]
 */
record LayerProjection(Tensor inputSide, Tensor gradientSide) implements AutoCloseable {

  /**
   * How many numbers there are, and of which kind.
   *
   * @param side how many numbers either side has
   * @param key what the random directions depend on, another for each layer
   */
  record Shape(int side, long key, DType type, Device device) {}

  /**
   * The logarithms of the inverse curvature's factors.
   *
   * @param rows of u^2, [out, 1]
   * @param columns of v^2, [in, 1]
   */
  private record Separated(Tensor rows, Tensor columns) {
    static Separated of(Curvature curvature, Linear layer, Shape shape) {
      Tensor ones = Tensors.ones(shape.type, shape.device, layer.outputs(), layer.inputs());
      Tensor log = curvature.divide(ones).log(); // [out, in]
      double half = log.mean().item() / 2;
      return new Separated(
          log.mean(1).plus(-half).unsqueeze(1), log.mean(0).plus(-half).unsqueeze(1));
    }
  }

  /**
   * The projections of a corpus's positions.
   *
   * @param factors of the layer
   * @param curvature made of them
   */
  static LayerProjection ofCorpus(
      LayerFactors factors, Curvature curvature, Linear layer, Shape shape) {
    Separated inverse = Separated.of(curvature, layer, shape);
    Tensor u = inverse.rows.times(0.5).exp();
    Tensor v = inverse.columns.times(0.5).exp();
    return of(curvature, layer, u, v, balance(factors, u, v), shape);
  }

  /**
   * The projections of queries' positions for an index that was made with {@code indexed}, so that
   * products with its own are {@code <V, (G + lambda)^-1 D>} of the curvature at hand: only where
   * the dampings are the same are both halves the same.
   */
  static LayerProjection ofQueries(
      LayerFactors factors, Curvature curvature, Curvature indexed, Linear layer, Shape shape) {
    Separated inverse = Separated.of(curvature, layer, shape);
    Separated there = Separated.of(indexed, layer, shape);
    double balance = balance(factors, there.rows.times(0.5).exp(), there.columns.times(0.5).exp());
    return of(
        curvature,
        layer,
        inverse.rows.minus(there.rows.times(0.5)).exp(),
        inverse.columns.minus(there.columns.times(0.5)).exp(),
        balance,
        shape);
  }

  /**
   * What the gradient side is multiplied and the input side divided by, so that both have the same
   * mean square: layers are added up side by side, and one whose half-whitened gradients are larger
   * should count for more on both.
   */
  private static double balance(LayerFactors factors, Tensor u, Tensor v) {
    Optional<LayerFactors.Kronecker> bases = factors.kronecker();
    if (bases.isEmpty()) {
      return 1;
    }
    double gradients = bases.get().gradient().values().unsqueeze(1).times(u.square()).sum().item();
    double inputs = bases.get().activation().values().unsqueeze(1).times(v.square()).sum().item();
    return gradients > 0 && inputs > 0 ? Math.pow(inputs / gradients, 0.25) : 1;
  }

  private static LayerProjection of(
      Curvature curvature, Linear layer, Tensor u, Tensor v, double balance, Shape shape) {
    SplittableRandom random = new SplittableRandom(shape.key);
    Tensor left = signs(random, layer.outputs(), shape).timesInPlace(u).timesInPlace(balance);
    Tensor right = signs(random, layer.inputs(), shape).timesInPlace(v).timesInPlace(1 / balance);
    return new LayerProjection(
        curvature.restoreColumns(right.t()).t().contiguous().keep(),
        curvature.restoreRows(left).contiguous().keep());
  }

  /**
   * Random signs, [rows, side], of a size such that the product of two projections is an unbiased
   * estimate of the product of what was projected.
   */
  private static Tensor signs(SplittableRandom random, int rows, Shape shape) {
    float size = (float) (1 / Math.sqrt(shape.side));
    float[] signs = new float[rows * shape.side];
    long bits = 0;
    for (int i = 0; i < signs.length; i++) {
      bits = i % Long.SIZE == 0 ? random.nextLong() : bits >>> 1;
      signs[i] = (bits & 1) == 0 ? size : -size;
    }
    return Tensors.of(signs, rows, shape.side).to(shape.type).to(shape.device);
  }

  @Override
  public void close() {
    inputSide.close();
    gradientSide.close();
  }
}
