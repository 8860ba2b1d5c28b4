package dev.whence.benchmarks;

import java.nio.file.Path;
import java.util.Map;

/** What does the work of a job: Whence, or a peer. */
interface Contender {
  /** Covariances, eigendecompositions and Lambda over the corpus's first sequences: seconds. */
  Map<Phase, Double> fit(Job job, boolean empirical);

  /**
   * Preconditions and scans with the last fit's factors: seconds.
   *
   * @param scores receives {@code influence}, [queries, sequences]
   */
  Map<Phase, Double> score(Job job, Path scores);
}
