package dev.whence.cli;

import dev.whence.InvalidInputException;
import dev.whence.Progress;
import dev.whence.corpus.Corpus;
import dev.whence.corpus.Query;
import dev.whence.corpus.Tokenizer;
import dev.whence.influence.Candidates;
import dev.whence.search.Bm25;
import dev.whence.search.Filter;
import dev.whence.search.SequenceIndex;
import dev.whence.search.TermKind;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Option;

/** The options that say which sequences are worth scoring. */
final class FilterOptions {
  @Option(
      names = "--candidates",
      paramLabel = "N",
      defaultValue = "0",
      description =
          "Score only the N sequences that share most terms with each query (default: 0, all; the"
              + " paper keeps 10000).")
  private int count;

  @Option(
      names = "--bm25",
      paramLabel = "KIND",
      description = "With --candidates: modified, as in the paper, or plain (default: modified).")
  private Optional<Bm25> bm25 = Optional.empty();

  @Option(
      names = "--candidate-terms",
      paramLabel = "TERMS",
      description = "With --candidates: compare tokens or words (default: tokens).")
  private Optional<TermKind> terms = Optional.empty();

  @Option(
      names = "--index",
      paramLabel = "INDEX",
      description =
          "With --candidates: an index from 'whence search index' (default: one in --cache, made"
              + " when needed).")
  private Optional<Path> index = Optional.empty();

  @Option(
      names = "--report-union",
      description = "With --candidates: report to each query what was let through for any of them.")
  private boolean reportUnion;

  /**
   * What the filter lets through, if there is to be one.
   *
   * @throws InvalidInputException if options contradict each other, or the index is not the
   *     corpus's
   */
  Optional<Candidates> candidates(
      List<Query> queries,
      Corpus corpus,
      Optional<Tokenizer> tokenizer,
      Path cache,
      Progress progress) {
    if (count == 0) {
      requireNoOther();
      return Optional.empty();
    }
    Filter filter = new Filter(count, bm25.orElse(Bm25.MODIFIED));
    if (queries.isEmpty()) {
      throw new InvalidInputException("--candidates needs --queries to choose sequences for");
    }
    try (SequenceIndex opened = open(corpus, tokenizer, cache, progress)) {
      Candidates candidates = filter.candidates(opened, queries, progress);
      warnOfNothing(queries, candidates, opened.manifest().terms());
      return Optional.of(reportUnion ? candidates.shared() : candidates);
    }
  }

  private void requireNoOther() {
    if (bm25.isPresent() || terms.isPresent() || index.isPresent() || reportUnion) {
      throw new InvalidInputException(
          "--bm25, --candidate-terms, --index and --report-union need --candidates N");
    }
  }

  private SequenceIndex open(
      Corpus corpus, Optional<Tokenizer> tokenizer, Path cache, Progress progress) {
    if (index.isEmpty()) {
      return SequenceIndex.cached(
          corpus, terms.orElse(TermKind.TOKENS), tokenizer, cache, progress);
    }
    SequenceIndex opened = SequenceIndex.open(index.get(), corpus, tokenizer);
    TermKind kind = opened.manifest().terms();
    if (terms.isPresent() && terms.get() != kind) {
      opened.close();
      throw new InvalidInputException(
          "%s is over %s, not %s; leave out --candidate-terms, or give another --index"
              .formatted(index.get(), kind, terms.get()));
    }
    return opened;
  }

  private static void warnOfNothing(List<Query> queries, Candidates candidates, TermKind kind) {
    for (int q = 0; q < queries.size(); q++) {
      if (candidates.places(q).length == 0) {
        System.err.println(
            "query '%s' shares no %s with the corpus, so no sequence was chosen for it"
                .formatted(Shading.printable(queries.get(q).id()), kind));
      }
    }
  }
}
