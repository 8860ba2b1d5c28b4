package dev.whence.cli;

import dev.whence.Progress;
import dev.whence.corpus.Corpus;
import dev.whence.corpus.CorpusSource;
import dev.whence.corpus.Tokenization;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Option;

/** The options that say what the corpus is. */
final class CorpusOptions {
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
      names = "--cache",
      paramLabel = "FOLDER",
      description =
          "Where tokenised corpora and their indexes are kept (default: $WHENCE_CACHE or"
              + " ~/.cache/whence).")
  private Path cache = defaultCache(System.getenv());

  static Path defaultCache(Map<String, String> environment) {
    String chosen = environment.get("WHENCE_CACHE");
    return chosen != null && !chosen.isBlank()
        ? Path.of(chosen)
        : Path.of(System.getProperty("user.home"), ".cache", "whence");
  }

  /** Where tokenised corpora and their indexes are kept. */
  Path cache() {
    return cache;
  }

  CorpusSource source() {
    return new CorpusSource(files, documentPerLine, skipMalformed, textColumn);
  }

  /** Opens the corpus, and says on standard error how many documents were left out, if any. */
  Corpus open(Tokenization tokenization, Progress progress) {
    Corpus corpus = Corpus.open(source(), tokenization, cache, progress);
    if (corpus.malformed() > 0) {
      System.err.println(corpus.malformed() + " malformed documents were left out");
    }
    return corpus;
  }
}
