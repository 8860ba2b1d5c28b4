package dev.whence.curvature;

import java.util.Locale;

/** The approximations of the Gauss-Newton Hessian. */
public enum CurvatureKind {
  /** None: influence is the dot product of gradients. */
  IDENTITY,
  /** The Fisher's diagonal in the weights' own coordinates. */
  DIAGONAL,
  /** Kronecker-factored (Martens and Grosse 2015): eigenvalues are products. */
  KFAC,
  /** Kronecker-factored with corrected eigenvalues (George et al. 2018). */
  EKFAC;

  /** Whether it needs the covariances and their eigenbases. */
  public boolean usesEigenbases() {
    return this == KFAC || this == EKFAC;
  }

  /** Whether it needs a pass over whole-sequence gradients. */
  public boolean usesSequenceGradients() {
    return this == DIAGONAL || this == EKFAC;
  }

  /** The command line's spelling: {@code ekfac}. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
