package dev.whence.cli;

import dev.whence.InvalidInputException;
import dev.whence.Progress;
import dev.whence.corpus.Corpus;
import dev.whence.corpus.CorpusSource;
import dev.whence.corpus.Tokenization;
import java.nio.file.Path;
import java.util.List;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Option;

/** The options that say what the corpus is. */
public final class CorpusOptions {
  @Option(
      names = "--corpus",
      arity = "1..*",
      paramLabel = "FILE",
      required = true,
      description =
          "Files or folders of documents: .jsonl, .txt (also .gz, .zst) or .parquet. A JSON line has"
              + " {\"id\"?, \"text\"} or {\"id\"?, \"tokens\"}.")
  private List<Path> files = List.of();

  @Option(names = "--document-per-line", description = "Each line of a .txt file is a document.")
  private boolean documentPerLine;

  @Option(
      names = "--skip-malformed",
      description = "Count documents that cannot be read and go on, instead of stopping.")
  private boolean skipMalformed;

  @Option(
      names = "--text-column",
      paramLabel = "NAME",
      defaultValue = "text",
      description = "The JSON field or Parquet column with the text (default: text).")
  private String textColumn = "text";

  @Option(
      names = "--token-column",
      paramLabel = "NAME",
      defaultValue = "tokens",
      description =
          "The JSON field or Parquet column with token ids, such as input_ids (default: tokens).")
  private String tokenColumn = "tokens";

  @ArgGroup
  private CacheOption cache = new CacheOption(); // a mixin cannot be in a group, as this may be

  /** Where tokenised corpora and their indexes are kept. */
  public Path cache() {
    return cache.folder();
  }

  CorpusSource source() {
    return new CorpusSource(files, documentPerLine, skipMalformed, textColumn, tokenColumn);
  }

  /**
   * Refuses to write into a corpus folder, before anything is read.
   *
   * @throws InvalidInputException naming both
   */
  public void requireOutside(Path out) {
    source().requireOutside(out);
  }

  /** Opens the corpus, and says on standard error how many documents were left out, if any. */
  public Corpus open(Tokenization tokenization, Progress progress) {
    Corpus corpus = Corpus.open(source(), tokenization, cache.folder(), progress);
    if (corpus.malformed() > 0) {
      System.err.println(corpus.malformed() + " malformed documents were left out");
    }
    return corpus;
  }
}
