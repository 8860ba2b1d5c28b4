package dev.whence.curvature;

import dev.whence.tensor.Tensor;

/**
 * The damped curvature {@code G + lambda} of one layer, as an operator on gradients [.., out, in].
 */
public sealed interface Curvature extends AutoCloseable {
  /** {@code (G + lambda)^-1 V} for gradients V [.., out, in]. */
  Tensor precondition(Tensor gradients);

  /** {@code <D, (G + lambda)^-1 D>} for each gradient D: [batch, out, in] to [batch]. */
  Tensor quadraticForm(Tensor gradients);

  @Override
  void close();

  /** The identity, undamped: influence is then the plain dot product. */
  record Identity() implements Curvature {
    @Override
    public Tensor precondition(Tensor gradients) {
      return gradients;
    }

    @Override
    public Tensor quadraticForm(Tensor gradients) {
      return gradients.square().sum(2).sum(1);
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
    public Tensor precondition(Tensor gradients) {
      return gradients.over(damped);
    }

    @Override
    public Tensor quadraticForm(Tensor gradients) {
      return gradients.square().overInPlace(damped).sum(2).sum(1);
    }

    @Override
    public void close() {
      damped.close();
    }
  }

  /**
   * Diagonal in the Kronecker eigenbasis, for K-FAC and EK-FAC (Eq. 21).
   *
   * @param damped the eigenvalues with lambda added, owned: [out, in]
   */
  record KroneckerEigen(Eigenbasis activation, Eigenbasis gradient, Tensor damped)
      implements Curvature {
    @Override
    public Tensor precondition(Tensor gradients) {
      // Q_S [ (Q_S^T V Q_A) / (Lambda + lambda) ] Q_A^T
      Tensor scaled = rotate(gradients).overInPlace(damped);
      return activation.restore(gradient.restoreRows(scaled));
    }

    @Override
    public Tensor quadraticForm(Tensor gradients) {
      Tensor rotated = rotate(gradients);
      return rotated.timesInPlace(rotated).overInPlace(damped).sum(2).sum(1);
    }

    private Tensor rotate(Tensor gradients) {
      return gradient.rotateRows(activation.rotate(gradients));
    }

    @Override
    public void close() {
      damped.close();
    }
  }
}
