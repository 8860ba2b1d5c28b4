package dev.whence.search;

import dev.whence.corpus.CorpusSummary;
import java.util.List;
import java.util.Objects;

/**
 * What an index folder holds and what it was made from: {@code manifest.json}.
 *
 * @param kind always {@code index}
 * @param format the version of the folder's format
 * @param terms what the sequences are indexed by
 * @param files that Lucene wrote
 */
public record IndexManifest(
    String kind,
    int format,
    String whenceVersion,
    String luceneVersion,
    String created,
    CorpusSummary corpus,
    TermKind terms,
    List<IndexFile> files) {
  public static final int FORMAT = 1;

  public IndexManifest {
    // A manifest that lacks a field is damaged, and read as such.
    Objects.requireNonNull(corpus, "corpus");
    Objects.requireNonNull(terms, "terms");
    files = List.copyOf(files);
  }

  /**
   * One of Lucene's files.
   *
   * @param sha256 of its name and content
   */
  public record IndexFile(String name, long bytes, String sha256) {}
}
