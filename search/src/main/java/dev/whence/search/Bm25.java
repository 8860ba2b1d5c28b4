package dev.whence.search;

import java.util.Locale;

/**
 * The variants of BM25. For each occurrence of a term t in the query, a sequence that has it f
 * times and has L terms in all scores
 *
 * <pre>
 * IDF(t) (k1 + 1) f / (k1 (1 - b + b L / mean L) + f)
 * IDF(t) = log((C - n_t + 0.5) / (n_t + 0.5) + 1)
 * </pre>
 *
 * where C counts the corpus's sequences and n_t those that have t. Nothing is approximate: L is
 * exact, where Lucene's own BM25 rounds it to one byte.
 */
public enum Bm25 {
  /** Grosse et al. 2023, section 3.2.1: without regard to length. */
  MODIFIED(1.5, 0),
  /** The usual BM25, with Lucene's k1 and b. */
  PLAIN(1.2, 0.75);

  private final double k1;
  private final double b;

  Bm25(double k1, double b) {
    this.k1 = k1;
    this.b = b;
  }

  /** The saturation: how soon further occurrences of a term in a sequence count for less. */
  public double k1() {
    return k1;
  }

  /** The strength of the length normalisation: 0 for none, 1 for full. */
  public double b() {
    return b;
  }

  /** The command line's spelling: {@code modified}. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
