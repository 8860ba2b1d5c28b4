package dev.whence.search;

import java.util.Locale;

/** The terms by which sequences and queries are compared. */
public enum TermKind {
  /** The model's token ids, as they are. */
  TOKENS,
  /**
   * The words of the decoded tokens, special ones left out: split by Unicode's word boundaries (UAX
   * #29), in lower case, neither stemmed nor stopped. A word that the cut between two sequences
   * divides is two words.
   */
  WORDS;

  /** The command line's spelling: {@code tokens}. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
