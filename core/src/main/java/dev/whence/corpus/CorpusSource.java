package dev.whence.corpus;

import java.nio.file.Path;
import java.util.List;

/**
 * The files a corpus is read from and how: {@code CorpusSource.of(folder).skippingMalformed()}.
 *
 * @param files files, or folders that stand for every supported file beneath them in sorted order,
 *     hidden ones left out; supported are .jsonl, .json (one object a line), .txt, each also with
 *     .gz or .zst, and .parquet
 * @param documentPerLine whether each line of a .txt file is a document, rather than the file
 * @param skipMalformed whether documents that cannot be read are counted and left out, rather than
 *     refused
 * @param textColumn the JSON field or Parquet column that has the text
 */
public record CorpusSource(
    List<Path> files, boolean documentPerLine, boolean skipMalformed, String textColumn) {
  public CorpusSource {
    files = List.copyOf(files);
  }

  public static CorpusSource of(List<Path> files) {
    return new CorpusSource(files, false, false, "text");
  }

  public static CorpusSource of(Path... files) {
    return of(List.of(files));
  }

  public CorpusSource withDocumentPerLine() {
    return new CorpusSource(files, true, skipMalformed, textColumn);
  }

  public CorpusSource skippingMalformed() {
    return new CorpusSource(files, documentPerLine, true, textColumn);
  }

  public CorpusSource withTextColumn(String column) {
    return new CorpusSource(files, documentPerLine, skipMalformed, column);
  }
}
