package dev.whence.corpus;

/**
 * A run of consecutive tokens of one document.
 *
 * @param index its place in the corpus, from 0
 * @param sequenceIndex its place among its document's sequences, from 0
 * @param tokenOffset how many of the document's tokens come before it
 */
@SuppressWarnings("ArrayRecordComponent") // token ids are int[] everywhere and never compared
public record Sequence(
    long index, String documentId, int sequenceIndex, int tokenOffset, int[] tokens) {
  /** The positions that predict a token: all but the last. */
  public int positions() {
    return Math.max(0, tokens.length - 1);
  }
}
