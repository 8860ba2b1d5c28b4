package dev.whence.corpus;

/**
 * One training example as its file gives it. The identifier is the file's own, or {@code
 * FILENAME:LINE}.
 */
public sealed interface Document {
  String id();

  /** A document still to be tokenised; the text is well-formed Unicode (no unpaired surrogates). */
  record Text(String id, String text) implements Document {}

  /** A document that came tokenised. The ids are not yet compared with any vocabulary. */
  @SuppressWarnings("ArrayRecordComponent") // an implementation's row, read once and never compared
  record Tokens(String id, int[] tokens) implements Document {}
}
