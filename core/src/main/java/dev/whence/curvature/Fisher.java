package dev.whence.curvature;

import java.util.Locale;

/** The targets that the curvature's gradients are taken for. */
public enum Fisher {
  /**
   * Drawn from the model's own distribution: the true Fisher, which equals the Gauss-Newton Hessian
   * for this loss.
   */
  SAMPLED,
  /** The data's own: cheaper to reproduce, but not the Hessian of anything. */
  EMPIRICAL;

  /** The command line's spelling: {@code sampled}. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
