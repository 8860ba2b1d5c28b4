package dev.whence.corpus;

import java.util.Optional;

/**
 * What a manifest says of the corpus that a folder was made from.
 *
 * @param hash of its files, the tokenizer and the sequence length
 * @param bos whether documents begin with the token for a beginning; absent where there is no text
 * @param eos whether documents end with the token for an end; absent where there is no text
 */
public record CorpusSummary(
    String hash,
    int sequenceLength,
    long documents,
    long sequences,
    long positions,
    Optional<String> bos,
    Optional<String> eos) {
  /** Summarises an open corpus. */
  public static CorpusSummary of(Corpus corpus) {
    return new CorpusSummary(
        corpus.hash(),
        corpus.sequenceLength(),
        corpus.documents(),
        corpus.size(),
        corpus.totalPositions(),
        corpus.endTokens().map(ends -> ends.bos().toString()),
        corpus.endTokens().map(ends -> ends.eos().toString()));
  }

  /** Which tokens its documents begin and end with. */
  public EndTokens endTokens() {
    return new EndTokens(
        bos.map(EndTokens.Rule::of).orElse(EndTokens.Rule.AUTO),
        eos.map(EndTokens.Rule::of).orElse(EndTokens.Rule.AUTO));
  }
}
