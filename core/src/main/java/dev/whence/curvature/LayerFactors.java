package dev.whence.curvature;

import dev.whence.InvalidInputException;
import dev.whence.tensor.OuterProducts;
import dev.whence.tensor.Scope;
import dev.whence.tensor.Tensor;
import java.util.Optional;

/**
 * What a fit leaves for one layer of shape [out, in]. Layers that read the same input share one
 * activation basis, so the bases' owner is whoever made them, not this record.
 *
 * @param kronecker the eigenbases, for K-FAC and EK-FAC
 * @param lambda corrected eigenvalues, mean over sequences: [out, in], for EK-FAC
 * @param diagonal mean over sequences of the squared gradient: [out, in], for the diagonal
 */
public record LayerFactors(
    String layer,
    Optional<Kronecker> kronecker,
    Optional<Tensor> lambda,
    Optional<Tensor> diagonal) {

  /**
   * The eigenbases of a layer's two covariances.
   *
   * @param positionsPerSequence the mean, which brings K-FAC's products to the unit of one sequence
   */
  public record Kronecker(Eigenbasis activation, Eigenbasis gradient, double positionsPerSequence) {
    /**
     * {@code Q_S^T D Q_A} for each sequence's gradient {@code D = sum_t d_t a_t^T}, by the cheaper
     * route.
     *
     * @param inputs a, [batch, positions, in]
     * @param gradients d, [batch, positions, out]
     * @return [batch, out, in]
     */
    public Tensor rotatedGradients(Tensor inputs, Tensor gradients) {
      return switch (RotationRoute.cheapest(inputs.size(1), gradients.size(2), inputs.size(2))) {
        case POSITIONS -> OuterProducts.of(gradient.rotate(gradients), activation.rotate(inputs));
        case GRADIENTS -> rotate(OuterProducts.of(gradients, inputs));
      };
    }

    /** {@code Q_S^T D Q_A} for gradients D [.., out, in]. */
    public Tensor rotate(Tensor gradients) {
      return gradient.rotateRows(activation.rotate(gradients));
    }

    /** K-FAC's eigenvalues: [out, in]. */
    Tensor eigenvalues() {
      return gradient
          .values()
          .unsqueeze(1)
          .times(activation.values().unsqueeze(0))
          .times(positionsPerSequence);
    }
  }

  /**
   * The damped operator of a kind; close it after use.
   *
   * @throws InvalidInputException when the kind was not fitted
   */
  public Curvature curvature(CurvatureKind kind, Damping damping) {
    try (Scope _ = Scope.open()) {
      return switch (kind) {
        case IDENTITY -> new Curvature.Identity();
        case DIAGONAL -> new Curvature.Diagonal(damped(fitted(diagonal, kind), damping).keep());
        case KFAC -> {
          Kronecker pair = fitted(kronecker, kind);
          yield eigen(pair, pair.eigenvalues(), damping);
        }
        case EKFAC -> eigen(fitted(kronecker, kind), fitted(lambda, kind), damping);
      };
    }
  }

  private static Curvature eigen(Kronecker pair, Tensor eigenvalues, Damping damping) {
    return new Curvature.KroneckerEigen(pair, damped(eigenvalues, damping).keep());
  }

  /** Eigenvalues of a covariance may come out below zero by rounding; squares never do. */
  private static Tensor damped(Tensor eigenvalues, Damping damping) {
    Tensor nonNegative = eigenvalues.clampMin(0);
    double lambda = damping.of(nonNegative.mean().item());
    // If all eigenvalues are zero, so were all gradients, and any positive lambda will do.
    return nonNegative.plus(lambda > 0 ? lambda : 1);
  }

  private <T> T fitted(Optional<T> part, CurvatureKind kind) {
    return part.orElseThrow(() ->
        new InvalidInputException(
            "the run has no "
                + kind
                + " factors for layer "
                + layer
                + "; fit again with --curvature "
                + kind));
  }
}
