package dev.whence.curvature;

import dev.whence.curvature.LayerFactors.Kronecker;
import dev.whence.tensor.OuterProducts;
import dev.whence.tensor.Tensor;

/**
 * The damped curvature {@code G + lambda} of one layer, as an operator on gradients [.., out, in].
 * Each kind is diagonal in coordinates of its own, where dividing by it is elementwise; a rank can
 * be reduced and a quadratic form evaluated there, without carrying whole gradients back.
 */
public sealed interface Curvature extends AutoCloseable {
  /**
   * The sequences' gradients {@code sum_t d_t a_t^T} in the curvature's own coordinates.
   *
   * @param inputs a, [batch, positions, in]
   * @param gradients d, [batch, positions, out]
   * @return [batch, out, in]
   */
  Tensor coordinates(Tensor inputs, Tensor gradients);

  /** Gradients [.., out, in] in the curvature's own coordinates. */
  Tensor coordinates(Tensor gradients);

  /** Divides gradients in these coordinates by the damped eigenvalues. */
  Tensor divide(Tensor coordinates);

  /** Carries the rows of a matrix [.., out, n] back from these coordinates. */
  Tensor restoreRows(Tensor x);

  /** Carries the columns of a matrix [.., n, in] back from these coordinates. */
  Tensor restoreColumns(Tensor x);

  /** {@code (G + lambda)^-1 V} for gradients V [.., out, in] (Eq. 21). */
  default Tensor precondition(Tensor gradients) {
    return restoreColumns(restoreRows(divide(coordinates(gradients))));
  }

  /** {@code <D, (G + lambda)^-1 D>} for each gradient D, given in these coordinates: [batch]. */
  default Tensor quadraticForm(Tensor coordinates) {
    return divide(coordinates).times(coordinates).sum(2).sum(1);
  }

  @Override
  void close();

  /** The identity, undamped: influence is then the plain dot product. */
  record Identity() implements Curvature {
    @Override
    public Tensor coordinates(Tensor inputs, Tensor gradients) {
      return outerProducts(inputs, gradients);
    }

    @Override
    public Tensor coordinates(Tensor gradients) {
      return gradients;
    }

    @Override
    public Tensor divide(Tensor coordinates) {
      return coordinates;
    }

    @Override
    public Tensor restoreRows(Tensor x) {
      return x;
    }

    @Override
    public Tensor restoreColumns(Tensor x) {
      return x;
    }

    @Override
    public void close() {}
  }

  /**
   * Diagonal in the weights' own coordinates.
   *
   * @param damped the diagonal with lambda added, owned: [out, in]
   */
  record Diagonal(Tensor damped) implements Curvature {
    @Override
    public Tensor coordinates(Tensor inputs, Tensor gradients) {
      return outerProducts(inputs, gradients);
    }

    @Override
    public Tensor coordinates(Tensor gradients) {
      return gradients;
    }

    @Override
    public Tensor divide(Tensor coordinates) {
      return coordinates.over(damped);
    }

    @Override
    public Tensor restoreRows(Tensor x) {
      return x;
    }

    @Override
    public Tensor restoreColumns(Tensor x) {
      return x;
    }

    @Override
    public void close() {
      damped.close();
    }
  }

  /**
   * Diagonal in the Kronecker eigenbasis, for K-FAC and EK-FAC: {@code Q_S [ (Q_S^T V Q_A) /
   * (Lambda + lambda) ] Q_A^T}.
   *
   * @param damped the eigenvalues with lambda added, owned: [out, in]
   */
  record KroneckerEigen(Kronecker bases, Tensor damped) implements Curvature {
    @Override
    public Tensor coordinates(Tensor inputs, Tensor gradients) {
      return bases.rotatedGradients(inputs, gradients);
    }

    @Override
    public Tensor coordinates(Tensor gradients) {
      return bases.rotate(gradients);
    }

    @Override
    public Tensor divide(Tensor coordinates) {
      return coordinates.over(damped);
    }

    @Override
    public Tensor restoreRows(Tensor x) {
      return bases.gradient().restoreRows(x);
    }

    @Override
    public Tensor restoreColumns(Tensor x) {
      return bases.activation().restore(x);
    }

    @Override
    public void close() {
      damped.close();
    }
  }

  private static Tensor outerProducts(Tensor inputs, Tensor gradients) {
    return OuterProducts.of(gradients, inputs);
  }
}
