package dev.whence.lab.data;

import java.util.Locale;

/** What is measured on an example. */
public enum Measurement {
  /** How likely the model makes its target, in nats. */
  LOG_LIKELIHOOD,
  /**
   * The sum of the model's outputs: for a regression the prediction. A squared error is least where
   * the prediction is right, and there its first derivative, which is what influence knows, is
   * zero; the prediction's is not.
   */
  OUTPUT;

  /** Examples of which this is what stands for the log-likelihood. */
  public ExampleSet of(ExampleSet asked) {
    return switch (this) {
      case LOG_LIKELIHOOD -> asked;
      case OUTPUT -> new OutputsOf(asked);
    };
  }

  /** The command line's spelling: {@code log-likelihood}. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
