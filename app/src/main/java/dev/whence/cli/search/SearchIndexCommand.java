package dev.whence.cli.search;

import dev.whence.cli.ConsoleProgress;
import dev.whence.cli.CorpusOptions;
import dev.whence.cli.FitOptions;
import dev.whence.cli.Summary;
import dev.whence.corpus.Corpus;
import dev.whence.folder.FolderKind;
import dev.whence.search.SequenceIndex;
import dev.whence.search.TermKind;
import dev.whence.store.ModelText;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Indexes a corpus. */
@Command(
    name = "index",
    description = "Index a corpus's sequences by the model's tokens or by words.",
    footer = {
      "",
      "Example: whence search index --corpus train.jsonl.gz --model smollm-135m --out index",
      "'whence attribute --candidates N' makes its own index when none is given with --index."
    },
    mixinStandardHelpOptions = true)
final class SearchIndexCommand implements Callable<Integer> {
  @Mixin private CorpusOptions corpus = new CorpusOptions();

  @Option(
      names = "--model",
      paramLabel = "MODEL",
      required = true,
      description = "The checkpoint whose tokenizer cuts the corpus; its weights are not read.")
  private Path modelFolder = Path.of("");

  @Option(names = "--out", paramLabel = "INDEX", required = true, description = "The index folder.")
  private Path out = Path.of("index");

  @Option(
      names = "--terms",
      paramLabel = "TERMS",
      defaultValue = "tokens",
      description = "tokens or words (default: tokens). Words need a tokenizer.json.")
  private TermKind terms = TermKind.TOKENS;

  @Option(
      names = "--sequence-length",
      paramLabel = "N",
      description =
          "That of the run whose queries are filtered (default: 512, or what the model takes).")
  private Optional<Integer> sequenceLength = Optional.empty();

  @Option(names = "--force", description = "Replace an index that was made from something else.")
  private boolean force;

  @Override
  public Integer call() {
    corpus.checkFirst(out, "--out");
    FolderKind.LEXICAL_INDEX.requireReplaceable(out);
    ConsoleProgress progress = new ConsoleProgress();
    try (ModelText model = ModelText.open(modelFolder, corpus.endTokens());
        Corpus data = corpus.open(model.tokenization(length(model)), progress)) {
      SequenceIndex.build(data, terms, model.tokenizer(), out, force, progress);
      try (SequenceIndex index = SequenceIndex.open(out, data, model.tokenizer())) {
        System.out.println(Summary.of(out, index.manifest()));
      }
    }
    return 0;
  }

  private int length(ModelText model) {
    return sequenceLength.orElseGet(() -> FitOptions.defaultLength(model.limits()));
  }
}
