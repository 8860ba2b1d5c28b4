package dev.whence.cli;

import java.util.Locale;

/** What influence is evaluated on. */
enum EvaluationTask {
  /** Regression on UCI's table of concrete. */
  CONCRETE,
  /** Regression on UCI's table of buildings' energy. */
  ENERGY,
  /** Fashion-MNIST with a perceptron. */
  FASHION,
  /** Fashion-MNIST with a residual network. */
  RESNET,
  /** A part of WordNet with a language model. */
  DICTIONARY;

  /** The command line's spelling: {@code concrete}. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
