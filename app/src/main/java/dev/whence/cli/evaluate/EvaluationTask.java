package dev.whence.cli.evaluate;

import java.util.EnumSet;
import java.util.Locale;
import java.util.Set;

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

  /** The regressions. */
  static final Set<EvaluationTask> TABLES = EnumSet.of(CONCRETE, ENERGY);

  /** The command line's spelling: {@code concrete}. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
