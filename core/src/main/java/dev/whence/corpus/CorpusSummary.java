package dev.whence.corpus;

/**
 * What a manifest says of the corpus that a folder was made from.
 *
 * @param hash of its files, the tokenizer and the sequence length
 */
public record CorpusSummary(
    String hash, int sequenceLength, long documents, long sequences, long positions) {
  /** Summarises an open corpus. */
  public static CorpusSummary of(Corpus corpus) {
    return new CorpusSummary(
        corpus.hash(),
        corpus.sequenceLength(),
        corpus.documents(),
        corpus.size(),
        corpus.totalPositions());
  }
}
