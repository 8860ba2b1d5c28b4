package dev.whence.lab.data;

import java.util.Locale;

/** What is measured on an example. */
public enum Measurement {
  /** The log-likelihood of the example's target, in nats. */
  LOG_LIKELIHOOD,
  /**
   * The sum of the model's outputs, which is the prediction of a regression. Where a prediction is
   * right, the squared error is at its minimum and its first derivative, which is all that
   * influence uses, is zero; the derivative of the prediction is not.
   */
  OUTPUT;

  /** The queries with this measurement in the place of their log-likelihood. */
  public ExampleSet of(ExampleSet queries) {
    return switch (this) {
      case LOG_LIKELIHOOD -> queries;
      case OUTPUT -> new OutputsOf(queries);
    };
  }

  /** The command line's spelling: {@code log-likelihood}. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
