package dev.whence.influence;

import dev.whence.tensor.Tensor;
import dev.whence.trace.Examples;
import dev.whence.trace.Trace;
import java.util.Optional;

/**
 * What takes part in somebody else's pass over a corpus, so that each sequence is traced once for
 * both. It keeps account of how far it is itself.
 */
public interface TraceSink {
  /** Is told at which sequence the pass begins. */
  void begin(long from);

  /**
   * Queries whose influences it needs. A pass that scores queries of its own can score them
   * together, and so form each sequence's gradient once.
   */
  Optional<PreconditionedQueries> queries();

  /**
   * Takes a batch; the trace lives until it returns.
   *
   * @param places of the sequences in the corpus
   * @param influence on its queries, [batch, queries], where the pass has scored them
   */
  void take(long[] places, Examples batch, Trace trace, Optional<Tensor> influence);

  /**
   * Is told that all sequences before {@code next} were given.
   *
   * @param save whether the pass, if it is killed now, will go on after them: then this must, too
   */
  void chunkDone(long next, boolean save);
}
