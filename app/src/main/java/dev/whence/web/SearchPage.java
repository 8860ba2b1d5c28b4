package dev.whence.web;

import dev.whence.corpus.Sequence;
import dev.whence.results.ResultsFolder.StoredQuery;
import dev.whence.store.CorpusText;
import dev.whence.store.Library;
import dev.whence.store.ResultsStore;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;

/** The results of a search for words: queries, sequences of the tables, sequences of the corpus. */
public record SearchPage(
    String results,
    String words,
    List<OverviewPage.Row> queries,
    List<Hit> influential,
    Optional<List<Hit>> inCorpus) {
  private static final int MOST = 50;
  private static final int NAMED = 20;
  private static final int EXCERPT = 300;

  /** A sequence; {@code influence} is its strongest, or empty when it is not in the tables. */
  public record Hit(
      String documentId, int sequenceIndex, String excerpt, String influence, Address address) {}

  static SearchPage of(Library library, ResultsStore store, String words) {
    if (words.isBlank()) {
      return new SearchPage(store.name(), words, List.of(), List.of(), Optional.empty());
    }
    return new SearchPage(
        store.name(),
        words,
        store.queries().stream()
            .filter(q -> has(q, words.strip().toLowerCase(Locale.ROOT)))
            .limit(MOST)
            .map(q -> new OverviewPage.Row(q, QueryPage.View.usual(store, q.id()).address()))
            .toList(),
        store.search(words.strip(), MOST).stream()
            .map(f ->
                new Hit(
                    f.documentId(),
                    f.sequenceIndex(),
                    Show.shortened(f.text(), EXCERPT),
                    Show.influence(f.influence()) + " nats on " + f.queryId(),
                    SequencePage.address(store.name(), f.documentId(), f.sequenceIndex())))
            .toList(),
        library.corpus(store).map(text -> inCorpus(store, text, words)));
  }

  private static boolean has(StoredQuery query, String words) {
    return (query.id() + " " + query.prompt() + query.completion())
        .toLowerCase(Locale.ROOT)
        .contains(words);
  }

  private static List<Hit> inCorpus(ResultsStore store, CorpusText text, String words) {
    return Stream.concat(
            text.documents(words.strip(), NAMED).stream(), text.search(words, MOST).stream())
        .distinct()
        .map(s -> hit(store, text, s))
        .toList();
  }

  private static Hit hit(ResultsStore store, CorpusText text, Sequence s) {
    return new Hit(
        s.documentId(),
        s.sequenceIndex(),
        Show.shortened(text.text(s.index()), EXCERPT),
        "",
        SequencePage.address(store.name(), s.documentId(), s.sequenceIndex())
            .with("place", s.index()));
  }
}
