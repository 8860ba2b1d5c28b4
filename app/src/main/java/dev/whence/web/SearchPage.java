package dev.whence.web;

import dev.whence.corpus.Sequence;
import dev.whence.results.ResultsFolder.StoredQuery;
import dev.whence.store.CorpusText;
import dev.whence.store.Library;
import dev.whence.store.ResultsStore;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
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

  /** A sequence; {@code influence} is its strongest, or empty when it is not in the tables. */
  public record Hit(
      String documentId, int sequenceIndex, Excerpt excerpt, String influence, Address address) {}

  /** Each document once, those with the words as whole words first. */
  private static List<Hit> ordered(Stream<Hit> hits) {
    Map<String, Hit> ofDocuments = new LinkedHashMap<>();
    hits.forEach(hit ->
        ofDocuments.merge(
            hit.documentId,
            hit,
            (known, other) ->
                other.excerpt.wholeWords() && !known.excerpt.wholeWords() ? other : known));
    return ofDocuments.values().stream()
        .sorted(Comparator.comparing(hit -> !hit.excerpt.wholeWords()))
        .toList();
  }

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
        ordered(
            store.search(words.strip(), MOST).stream()
                .map(f ->
                    new Hit(
                        f.documentId(),
                        f.sequenceIndex(),
                        Excerpt.of(f.text(), words),
                        Show.influence(f.influence()) + " nats on " + f.queryId(),
                        SequencePage.address(store.name(), f.documentId(), f.sequenceIndex())))),
        library.corpus(store).map(text -> inCorpus(store, text, words)));
  }

  /** Whether nothing was found anywhere. */
  public boolean isEmpty() {
    return queries.isEmpty() && influential.isEmpty() && inCorpus.map(List::isEmpty).orElse(true);
  }

  private static boolean has(StoredQuery query, String words) {
    return (query.id() + " " + query.prompt() + query.completion())
        .toLowerCase(Locale.ROOT)
        .contains(words);
  }

  private static List<Hit> inCorpus(ResultsStore store, CorpusText text, String words) {
    return ordered(
        Stream.concat(
                text.documents(words.strip(), NAMED).stream(), text.search(words, MOST).stream())
            .distinct()
            .map(s -> hit(store, text, s, words))
            // Of rare words the index knows pieces, which other words have too.
            .filter(hit -> hit.excerpt.isMatch() || isCalled(hit, words)));
  }

  private static boolean isCalled(Hit hit, String words) {
    return hit.documentId.toLowerCase(Locale.ROOT).contains(words.strip().toLowerCase(Locale.ROOT));
  }

  private static Hit hit(ResultsStore store, CorpusText text, Sequence s, String words) {
    return new Hit(
        s.documentId(),
        s.sequenceIndex(),
        Excerpt.of(text.text(s.index()), words),
        "",
        SequencePage.address(store.name(), s.documentId(), s.sequenceIndex())
            .with("place", s.index()));
  }
}
