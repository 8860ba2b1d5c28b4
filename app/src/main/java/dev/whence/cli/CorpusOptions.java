package dev.whence.cli;

import dev.whence.InvalidInputException;
import dev.whence.Progress;
import dev.whence.corpus.Corpus;
import dev.whence.corpus.CorpusSource;
import dev.whence.corpus.EndTokens;
import dev.whence.corpus.Tokenization;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
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

  @Option(
      names = "--bos",
      paramLabel = "WHEN",
      description =
          "Whether a text begins with the checkpoint's token for a beginning: auto (as its own"
              + " configuration has it), always or never (default: auto, or as the run has it).")
  private Optional<EndTokens.Rule> bos = Optional.empty();

  @Option(
      names = "--eos",
      paramLabel = "WHEN",
      description = "Whether a text ends with its token for an end; as for --bos.")
  private Optional<EndTokens.Rule> eos = Optional.empty();

  @ArgGroup
  private CacheOption cache = new CacheOption(); // a mixin cannot be in a group, as this may be

  /** Which tokens texts begin and end with. */
  public EndTokens endTokens() {
    return endTokens(EndTokens.AUTO);
  }

  /**
   * Which tokens texts begin and end with.
   *
   * @param usual what holds unless an option says otherwise
   */
  public EndTokens endTokens(EndTokens usual) {
    return new EndTokens(bos.orElse(usual.bos()), eos.orElse(usual.eos()));
  }

  /** Where tokenised corpora and their indexes are kept. */
  public Path cache() {
    return cache.folder();
  }

  CorpusSource source() {
    return new CorpusSource(files, documentPerLine, skipMalformed, textColumn, tokenColumn);
  }

  /**
   * Checks what can be checked before anything is read: the files are there, and what is written
   * will not be one of them.
   *
   * @param option that names {@code out}
   * @throws InvalidInputException naming what is at fault
   */
  public void checkFirst(Path out, String option) {
    checkFirst(Map.of(option, Optional.of(out)));
  }

  /**
   * Checks what can be checked before anything is read.
   *
   * @param outputs by the options that name them, where they are given
   */
  public void checkFirst(Map<String, Optional<Path>> outputs) {
    CorpusSource source = source();
    source.requireFiles();
    outputs.forEach((option, out) -> out.ifPresent(path -> source.requireOutside(path, option)));
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
