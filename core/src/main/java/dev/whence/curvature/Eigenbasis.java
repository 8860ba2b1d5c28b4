package dev.whence.curvature;

import dev.whence.tensor.DType;
import dev.whence.tensor.Device;
import dev.whence.tensor.Eigen;
import dev.whence.tensor.Scope;
import dev.whence.tensor.Tensor;
import dev.whence.tensor.Tensors;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.BinaryOperator;

/**
 * The orthonormal eigenvectors Q of a (block-diagonal) covariance, and its eigenvalues. Owns its
 * tensors.
 *
 * @param values block after block, ascending within each: [n]
 * @param vectors for each block a matrix whose columns are eigenvectors
 */
public record Eigenbasis(Blocks blocks, Tensor values, List<Tensor> vectors)
    implements AutoCloseable {

  /**
   * Decomposes a covariance in float64, and keeps the result in the covariance's own precision.
   *
   * @param covariance one symmetric matrix per block, of which the lower triangle is read
   * @throws ArithmeticException when a block is not finite
   */
  public static Eigenbasis of(Blocks blocks, List<Tensor> covariance) {
    return of(blocks, covariance, 1, covariance.getFirst().type());
  }

  /**
   * Decomposes {@code scale} times symmetric matrices in float64. Scaling a matrix leaves its
   * eigenvectors as they are, so only the eigenvalues are scaled, not a copy of the matrix.
   *
   * @param matrices one per block, of which the lower triangle is read
   * @param type of the result
   * @throws ArithmeticException when a block is not finite
   */
  static Eigenbasis of(Blocks blocks, List<Tensor> matrices, double scale, DType type) {
    Device place = Eigen.fastestFor(matrices.getFirst().device());
    try (Scope _ = Scope.open()) {
      List<double[]> values = new ArrayList<>();
      List<Tensor> vectors = new ArrayList<>();
      for (Tensor matrix : matrices) {
        vectors.add(
            // What is in float64 goes before the next block's comes.
            Scope.result(() -> {
              Eigen.Symmetric pair = Eigen.symmetric(matrix.to(place).to(DType.FLOAT64));
              values.add(pair.values().toDoubles());
              return pair.vectors().to(type).to(matrix.device()).contiguous();
            }));
      }
      double[] all = values.stream().flatMapToDouble(Arrays::stream).toArray();
      Arrays.setAll(all, i -> scale * all[i]);
      vectors.forEach(Tensor::keep);
      return new Eigenbasis(
          blocks,
          Tensors.of(all, all.length).to(type).to(matrices.getFirst().device()).keep(),
          vectors);
    }
  }

  /**
   * The basis with eigenvectors as a smaller type has them, in the type that they have; the caller
   * closes it. They are orthonormal up to that type's rounding.
   */
  public Eigenbasis roundedTo(DType smaller) {
    try (Scope _ = Scope.open()) {
      return new Eigenbasis(
          blocks,
          values.copy().keep(),
          vectors.stream().map(q -> q.to(smaller).to(q.type()).keep()).toList());
    }
  }

  /** {@code x Q}, along the last dimension: coordinates in the basis. */
  public Tensor rotate(Tensor x) {
    return blockwise(x, -1, Tensor::matmul);
  }

  /** {@code x Q^T}, along the last dimension: {@link #rotate} undone. */
  public Tensor restore(Tensor x) {
    return blockwise(x, -1, (part, q) -> part.matmul(q.t()));
  }

  /** {@code Q^T x}, along the last dimension but one. */
  public Tensor rotateRows(Tensor x) {
    return blockwise(x, -2, (part, q) -> q.t().matmul(part));
  }

  /** {@code Q x}, along the last dimension but one: {@link #rotateRows} undone. */
  public Tensor restoreRows(Tensor x) {
    return blockwise(x, -2, (part, q) -> q.matmul(part));
  }

  private Tensor blockwise(Tensor x, int dimension, BinaryOperator<Tensor> product) {
    if (blocks.count() == 1) {
      return product.apply(x, vectors.getFirst());
    }
    List<Tensor> parts = new ArrayList<>();
    for (int b = 0; b < blocks.count(); b++) {
      Tensor part = x.narrow(dimension, blocks.start(b), blocks.length(b));
      parts.add(product.apply(part, vectors.get(b)));
    }
    return Tensors.cat(parts, dimension);
  }

  @Override
  public void close() {
    values.close();
    vectors.forEach(Tensor::close);
  }
}
