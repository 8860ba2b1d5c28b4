package dev.whence.corpus;

/**
 * Sequences that go through the model together.
 *
 * @param indexes each sequence's place in the corpus
 * @param tokens each sequence's tokens, not padded
 */
@SuppressWarnings("ArrayRecordComponent") // rows on their way into a tensor, never compared
public record Batch(long[] indexes, int[][] tokens) {
  /** Reads the sequences at {@code indexes}. */
  public static Batch of(Corpus corpus, long[] indexes) {
    int[][] tokens = new int[indexes.length][];
    for (int i = 0; i < tokens.length; i++) {
      tokens[i] = corpus.tokens(indexes[i]);
    }
    return new Batch(indexes, tokens);
  }

  public int size() {
    return indexes.length;
  }
}
