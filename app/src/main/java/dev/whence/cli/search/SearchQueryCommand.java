package dev.whence.cli.search;

import dev.whence.InvalidInputException;
import dev.whence.cli.ConsoleProgress;
import dev.whence.cli.CorpusOptions;
import dev.whence.cli.Listing;
import dev.whence.cli.Shading;
import dev.whence.corpus.Corpus;
import dev.whence.corpus.Query;
import dev.whence.corpus.QueryFile;
import dev.whence.corpus.Sequence;
import dev.whence.corpus.Tokenizer;
import dev.whence.search.Bm25;
import dev.whence.search.IndexManifest;
import dev.whence.search.SequenceIndex;
import dev.whence.search.SequenceIndex.Match;
import dev.whence.store.ModelText;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Searches an index. */
@Command(
    name = "query",
    description = "Show the sequences that share most terms with a text or with each query.",
    footer = {
      "",
      "Example: whence search query index \"a domestic dog\" --model smollm-135m"
          + " --corpus train.jsonl.gz",
      "A query of a file counts with prompt and completion. Scores are BM25."
    },
    mixinStandardHelpOptions = true)
final class SearchQueryCommand implements Callable<Integer> {
  private static final int SHOWN = 100;

  @Parameters(
      index = "0",
      paramLabel = "INDEX",
      description = "The folder that 'whence search index' wrote.")
  private Path folder = Path.of("");

  @Parameters(
      index = "1",
      arity = "0..1",
      paramLabel = "TEXT",
      description = "What to look for; or give --queries.")
  private Optional<String> text = Optional.empty();

  @Option(names = "--queries", paramLabel = "FILE", description = "The queries, JSONL.")
  private Optional<Path> queryFile = Optional.empty();

  @Mixin private CorpusOptions corpus = new CorpusOptions();

  @Option(
      names = "--model",
      paramLabel = "MODEL",
      required = true,
      description = "The checkpoint that the index was made with; its weights are not read.")
  private Path modelFolder = Path.of("");

  @Option(
      names = "--count",
      paramLabel = "N",
      defaultValue = "10",
      description = "Sequences for each query (default: 10).")
  private int count;

  @Option(
      names = "--bm25",
      paramLabel = "KIND",
      defaultValue = "modified",
      description = "modified, as in the paper, or plain (default: modified).")
  private Bm25 bm25 = Bm25.MODIFIED;

  @Option(names = "--json", description = "Print one JSON object a sequence, for scripts.")
  private boolean json;

  /** What {@code --json} prints. */
  record SearchHit(
      String queryId,
      int rank,
      double score,
      String documentId,
      int sequenceIndex,
      int tokenOffset,
      long sequence,
      String text) {}

  @Override
  public Integer call() {
    if (count < 1) {
      throw new InvalidInputException("--count is " + count + " but must be at least 1");
    }
    if (text.isPresent() == queryFile.isPresent()) {
      throw new InvalidInputException("give either a TEXT to look for or --queries FILE");
    }
    IndexManifest manifest = SequenceIndex.manifest(folder);
    ConsoleProgress progress = new ConsoleProgress();
    try (ModelText model = ModelText.open(modelFolder, corpus.endTokens())) {
      List<Query> queries = queries(model); // before the corpus and the index are read
      try (Corpus data =
              corpus.open(model.tokenization(manifest.corpus().sequenceLength()), progress);
          SequenceIndex index = SequenceIndex.open(folder, data, model.tokenizer())) {
        queries.forEach(query -> answer(query, index, data, model.tokenizer()));
      }
    }
    return 0;
  }

  private void answer(
      Query query, SequenceIndex index, Corpus data, Optional<Tokenizer> tokenizer) {
    List<Match> matches = index.best(query.tokens(), bm25, count);
    if (!json) {
      System.out.printf(
          "%n%s: %s │%s%s%n",
          Shading.printable(query.id()),
          Shading.printable(query.prompt()),
          Shading.printable(query.completion()),
          matches.isEmpty() ? "   (no sequence shares a term)" : "");
    }
    for (int m = 0; m < matches.size(); m++) {
      print(query, m + 1, matches.get(m), data, tokenizer);
    }
  }

  private List<Query> queries(ModelText model) {
    if (queryFile.isPresent()) {
      return model.queries(queryFile.get());
    }
    return List.of(QueryFile.of("text", "", text.orElse(""), model.requireTokenizer()));
  }

  private void print(
      Query query, int rank, Match match, Corpus data, Optional<Tokenizer> tokenizer) {
    Sequence sequence = data.sequence(match.place());
    SearchHit hit =
        new SearchHit(
            query.id(),
            rank,
            match.score(),
            sequence.documentId(),
            sequence.sequenceIndex(),
            sequence.tokenOffset(),
            match.place(),
            Listing.text(sequence, tokenizer));
    if (json) {
      Listing.printJson(hit);
      return;
    }
    String shown = Shading.printable(hit.text());
    System.out.printf(
        Locale.ROOT,
        "  %4d  %8.3f  %s  %s%n",
        rank,
        hit.score(),
        Listing.place(hit.documentId(), hit.sequenceIndex(), hit.tokenOffset()),
        shown.codePointCount(0, shown.length()) > SHOWN
            ? shown.substring(0, shown.offsetByCodePoints(0, SHOWN)) + "..."
            : shown);
  }
}
