package dev.whence.curvature;

import dev.whence.InvalidInputException;

/**
 * How much is added to the curvature's eigenvalues before it is inverted; chosen for each layer by
 * itself.
 */
public sealed interface Damping {
  /** The paper's choice: a tenth of the layer's mean eigenvalue. */
  Damping DEFAULT = new Relative(0.1);

  /** The lambda of a layer whose eigenvalues have this mean. */
  double of(double meanEigenvalue);

  /** A share of the layer's mean eigenvalue. */
  record Relative(double ratio) implements Damping {
    public Relative {
      requirePositive("--damping-ratio", ratio);
    }

    @Override
    public double of(double meanEigenvalue) {
      return ratio * meanEigenvalue;
    }
  }

  /** One lambda for all layers, in the unit of the eigenvalues. */
  record Absolute(double value) implements Damping {
    public Absolute {
      requirePositive("--damping", value);
    }

    @Override
    public double of(double meanEigenvalue) {
      return value;
    }
  }

  private static void requirePositive(String option, double value) {
    if (!(value > 0) || Double.isInfinite(value)) {
      throw new InvalidInputException(option + " is " + value + " but must be a positive number");
    }
  }
}
