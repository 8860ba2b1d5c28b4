package dev.whence.plan;

import dev.whence.corpus.Corpus;
import dev.whence.corpus.Selection;
import dev.whence.trace.PassRanges;

/** The properties of a corpus that decide the cost of a pass over it. */
public sealed interface CorpusShape {
  long sequences();

  /** Tokens of the longest sequence. */
  int longest();

  /**
   * The batches of a pass.
   *
   * @param count of sequences, spread over the corpus; 0 for all
   * @param chunkTokens the batch size of the settings, from which chunks follow
   * @param batchTokens the batch size that memory allows
   */
  Batching batches(long count, int chunkTokens, int batchTokens);

  /**
   * Chunks of a pass.
   *
   * @param count of sequences, spread over the corpus; 0 for all
   * @param chunkTokens the batch size of the settings, from which chunks follow
   */
  long chunks(long count, int chunkTokens);

  /** A corpus that exists. */
  record Actual(Corpus corpus) implements CorpusShape {
    @Override
    public long sequences() {
      return corpus.size();
    }

    @Override
    public int longest() {
      return Math.max(1, corpus.maximumLength());
    }

    @Override
    public Batching batches(long count, int chunkTokens, int batchTokens) {
      return Batching.of(corpus, Selection.spread(corpus.size(), count), chunkTokens, batchTokens);
    }

    @Override
    public long chunks(long count, int chunkTokens) {
      return PassRanges.of(corpus, Selection.spread(corpus.size(), count), chunkTokens)
          .chunkEnds()
          .length;
    }
  }

  /** A corpus known only by its number of sequences, all of one length. */
  record Uniform(long sequences, int longest) implements CorpusShape {
    @Override
    public Batching batches(long count, int chunkTokens, int batchTokens) {
      long selected = count == 0 ? sequences : Math.min(count, sequences);
      return Batching.uniform((double) selected, longest, chunkTokens, batchTokens);
    }

    @Override
    public long chunks(long count, int chunkTokens) {
      return (long) batches(count, chunkTokens, chunkTokens).chunks();
    }
  }
}
