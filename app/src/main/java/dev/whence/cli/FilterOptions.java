package dev.whence.cli;

import dev.whence.InvalidInputException;
import dev.whence.Progress;
import dev.whence.attribution.AttributionSettings;
import dev.whence.corpus.Corpus;
import dev.whence.corpus.Query;
import dev.whence.corpus.Tokenizer;
import dev.whence.folder.FolderKind;
import dev.whence.index.IndexSearcher;
import dev.whence.index.InfluenceIndex;
import dev.whence.influence.Candidates;
import dev.whence.run.RunFolder;
import dev.whence.search.Bm25;
import dev.whence.search.Filter;
import dev.whence.search.SequenceIndex;
import dev.whence.search.TermKind;
import dev.whence.store.ModelFolder;
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
              + " when needed). With --rerank: one from 'whence index build'.")
  private Optional<Path> index = Optional.empty();

  @Option(
      names = "--rerank",
      paramLabel = "N",
      description =
          "With --index: score only the N sequences of each sign that an influence index finds best"
              + " for each query.")
  private Optional<Integer> rerank = Optional.empty();

  @Option(
      names = "--report-union",
      description = "With --candidates: report to each query what was let through for any of them.")
  private boolean reportUnion;

  /**
   * What is scored.
   *
   * @param cache where tokenised corpora and their indexes are kept
   */
  record Subject(
      RunFolder run, ModelFolder model, List<Query> queries, Corpus corpus, Path cache) {}

  /**
   * Checks what can be checked before anything is read.
   *
   * @param queries whether there are any
   * @throws InvalidInputException if options contradict each other
   */
  void checkFirst(boolean queries) {
    if (isByInfluence()) {
      checkInfluenceOptions(index.orElseThrow());
      requireQueries("--rerank", queries);
      return;
    }
    if (rerank.isPresent()) {
      throw new InvalidInputException(
          "--rerank needs an influence index; give --index one that 'whence index build' wrote");
    }
    if (count == 0) {
      requireNoOther();
    } else {
      index.ifPresent(SequenceIndex::manifest); // that there is one
      requireQueries("--candidates", queries);
    }
  }

  private boolean isByInfluence() {
    return index.flatMap(FolderKind::of).equals(Optional.of(FolderKind.INFLUENCE_INDEX));
  }

  private void checkInfluenceOptions(Path folder) {
    if (rerank.isEmpty() || rerank.get() < 1) {
      throw new InvalidInputException(
          "%s is an influence index; say with --rerank N how many sequences of each sign are scored"
              .formatted(folder));
    }
    if (count > 0 || bm25.isPresent() || terms.isPresent()) {
      throw new InvalidInputException(
          "--candidates, --bm25 and --candidate-terms are for a lexical index, but %s is an influence index"
              .formatted(folder));
    }
  }

  /**
   * What the filter lets through, if there is to be one.
   *
   * @param settings that the influences are computed with
   * @throws InvalidInputException if the index is not the corpus's
   */
  Optional<Candidates> candidates(
      Subject subject, AttributionSettings settings, Progress progress) {
    if (isByInfluence()) {
      return Optional.of(byInfluence(index.orElseThrow(), subject, settings));
    }
    return count == 0 ? Optional.empty() : Optional.of(byTerms(subject, progress));
  }

  private Candidates byInfluence(Path folder, Subject subject, AttributionSettings settings) {
    try (InfluenceIndex opened = InfluenceIndex.open(folder, subject.corpus);
        IndexSearcher searcher =
            new IndexSearcher(opened, subject.run, subject.model.model(), settings.damping())) {
      if (opened.curvature() != settings.curvature()) {
        throw new InvalidInputException(
            "%s was made for --curvature %s, not %s; build another with 'whence index build'"
                .formatted(folder, opened.curvature(), settings.curvature()));
      }
      Candidates candidates =
          searcher.candidates(subject.queries, rerank.get(), settings.byToken() ? rerank.get() : 0);
      return reportUnion ? candidates.shared() : candidates;
    }
  }

  private Candidates byTerms(Subject subject, Progress progress) {
    Filter filter = new Filter(count, bm25.orElse(Bm25.MODIFIED));
    try (SequenceIndex opened =
        open(subject.corpus, subject.model.tokenizer(), subject.cache, progress)) {
      Candidates candidates = filter.candidates(opened, subject.queries, progress);
      warnOfNothing(subject.queries, candidates, opened.manifest().terms());
      return reportUnion ? candidates.shared() : candidates;
    }
  }

  private static void requireQueries(String option, boolean queries) {
    if (!queries) {
      throw new InvalidInputException(option + " needs --queries to choose sequences for");
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
