package dev.whence.corpus;

import dev.whence.InvalidInputException;
import java.io.IOException;
import java.nio.file.Files;
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
 * @param tokenColumn the JSON field or Parquet column that has token ids
 */
public record CorpusSource(
    List<Path> files,
    boolean documentPerLine,
    boolean skipMalformed,
    String textColumn,
    String tokenColumn) {
  public CorpusSource {
    files = List.copyOf(files);
  }

  public static CorpusSource of(List<Path> files) {
    return new CorpusSource(files, false, false, "text", "tokens");
  }

  public static CorpusSource of(Path... files) {
    return of(List.of(files));
  }

  public CorpusSource withDocumentPerLine() {
    return new CorpusSource(files, true, skipMalformed, textColumn, tokenColumn);
  }

  public CorpusSource skippingMalformed() {
    return new CorpusSource(files, documentPerLine, true, textColumn, tokenColumn);
  }

  public CorpusSource withTextColumn(String column) {
    return new CorpusSource(files, documentPerLine, skipMalformed, column, tokenColumn);
  }

  public CorpusSource withTokenColumn(String column) {
    return new CorpusSource(files, documentPerLine, skipMalformed, textColumn, column);
  }

  /**
   * Looks for the files, without reading them.
   *
   * @throws InvalidInputException if one is missing, unsupported or given twice, or there is none
   */
  public void requireFiles() {
    CorpusFile.in(this);
  }

  /**
   * Refuses to write into a folder that the corpus is read from: what is written there would be
   * read as a part of it the next time.
   *
   * @param option that names {@code out}
   * @throws InvalidInputException naming both
   */
  public void requireOutside(Path out, String option) {
    Path target = real(out);
    for (Path file : files) {
      if (Files.isDirectory(file) && target.startsWith(real(file))) {
        throw new InvalidInputException(
            "%s is inside the corpus folder %s; choose another %s".formatted(out, file, option));
      }
    }
  }

  /** A path without links, as far as it exists. */
  private static Path real(Path path) {
    Path absolute = path.toAbsolutePath().normalize();
    for (Path there = absolute; there != null; there = there.getParent()) {
      try {
        if (Files.exists(there)) {
          return there.toRealPath().resolve(there.relativize(absolute)).normalize();
        }
      } catch (IOException e) {
        return absolute;
      }
    }
    return absolute;
  }
}
