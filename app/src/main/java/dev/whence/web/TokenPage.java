package dev.whence.web;

import dev.whence.InvalidInputException;
import dev.whence.attribution.AttributionSettings;
import dev.whence.corpus.Query;
import dev.whence.corpus.Sequence;
import dev.whence.corpus.Tokenizer;
import dev.whence.curvature.Damping;
import dev.whence.index.IndexSearcher;
import dev.whence.index.IndexSearcher.Found;
import dev.whence.index.InfluenceIndex;
import dev.whence.results.ResultsFolder.CompletionToken;
import dev.whence.results.ResultsFolder.StoredQuery;
import dev.whence.store.CorpusText;
import dev.whence.store.Library;
import dev.whence.store.ModelDesk;
import dev.whence.store.ResultsStore;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * One token of a completion, and what influences its prediction most: as it was computed, or else
 * as the influence index estimates it.
 *
 * @param exact whether the influences were computed
 * @param words the completion's tokens, each with a page of its own
 */
public record TokenPage(
    String results,
    StoredQuery query,
    String token,
    boolean exact,
    List<Word> words,
    List<Entry> raising,
    List<Entry> lowering,
    Address whole) {
  private static final int COUNT = 20;
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  /**
   * A token of the completion.
   *
   * @param shade the less likely it was, the stronger, where that is known
   */
  public record Word(String text, Address address, String shade, String tip, boolean chosen) {}

  /** A sequence in the list. */
  public record Entry(
      int rank, String documentId, double influence, ShadedText text, Address document) {}

  static Address address(String results, String query, int token) {
    return Address.of("/token").with("results", results).with("query", query).with("token", token);
  }

  /** The page of a token; empty when nothing is known of it by itself. */
  static Optional<TokenPage> of(
      Library library, ModelDesk desk, ResultsStore store, String queryId, int token) {
    Optional<StoredQuery> query = store.query(queryId);
    if (query.isEmpty()) {
      return Optional.empty();
    }
    List<Word> words = words(library, store, queryId, Optional.of(token));
    Optional<Word> chosen = words.stream().filter(Word::chosen).findFirst();
    if (chosen.isEmpty()) {
      return Optional.empty();
    }
    boolean exact = store.folder().isByToken();
    Sides sides =
        exact
            ? new Sides(
                computed(store, query.get(), token, true),
                computed(store, query.get(), token, false))
            : estimated(library, desk, store, query.get(), token);
    return Optional.of(
        new TokenPage(
            store.name(),
            query.get(),
            chosen.get().text(),
            exact,
            words,
            sides.raising,
            sides.lowering,
            QueryPage.View.usual(store, queryId).address()));
  }

  private record Sides(List<Entry> raising, List<Entry> lowering) {}

  /**
   * A completion's tokens with the addresses of their pages; none where they have no influences of
   * their own, nor an index that knows them.
   *
   * @param chosen the token whose page it is
   */
  static List<Word> words(
      Library library, ResultsStore store, String queryId, Optional<Integer> chosen) {
    List<CompletionToken> tokens = store.folder().completionTokens(queryId);
    if (!tokens.isEmpty()) {
      double least = tokens.stream().mapToDouble(CompletionToken::logProbability).min().orElse(0);
      return tokens.stream()
          .map(t ->
              word(
                  store,
                  queryId,
                  t.index(),
                  t.token(),
                  ShadedText.shade(-t.logProbability(), -least).replace('r', 'u'),
                  "log p = %s nats".formatted(Show.influence(t.logProbability())),
                  chosen))
          .toList();
    }
    Optional<Tokenizer> tokenizer =
        library.hasInfluenceIndex(store)
            ? library.corpus(store).flatMap(CorpusText::tokenizer)
            : Optional.empty();
    if (tokenizer.isEmpty()) {
      return List.of();
    }
    Query query;
    try {
      query = store.tokens(queryId);
    } catch (InvalidInputException _) {
      return List.of(); // results from before queries' tokens were stored
    }
    List<String> pieces = tokenizer.get().pieces(query.tokens());
    return query
        .scoredTokens()
        .mapToObj(t ->
            word(
                store,
                queryId,
                t,
                pieces.get(query.promptTokens().length + t),
                "",
                "where it came from",
                chosen))
        .toList();
  }

  private static Word word(
      ResultsStore store,
      String queryId,
      int token,
      String text,
      String shade,
      String tip,
      Optional<Integer> chosen) {
    return new Word(
        text, address(store.name(), queryId, token), shade, tip, chosen.equals(Optional.of(token)));
  }

  private static List<Entry> computed(
      ResultsStore store, StoredQuery query, int token, boolean raising) {
    return store.byToken().top(query.id(), token, raising, COUNT).stream()
        .map(s ->
            new Entry(
                s.rank(),
                s.documentId(),
                s.influence(),
                ShadedText.of(
                    store.byToken().tokens(query.id(), token, s.rank()),
                    query.completion(),
                    "nats"),
                SequencePage.address(store.name(), s.documentId(), s.sequenceIndex())
                    .with("place", s.place())))
        .toList();
  }

  private static Sides estimated(
      Library library, ModelDesk desk, ResultsStore store, StoredQuery query, int token) {
    InfluenceIndex index = library.requireInfluenceIndex(store);
    // That of the results, so that the words' influences sum to the answer's.
    Damping damping = AttributionSettings.damping(store.folder().manifest());
    IndexSearcher.Answer answer =
        desk.with(
            store,
            PATIENCE,
            loaded -> {
              Query one = store.tokens(query.id()).ofToken(token);
              return loaded.searcher(index, damping).estimate(List.of(one), COUNT).getFirst();
            });
    CorpusText corpus = library.requireCorpus(store);
    return new Sides(
        estimated(store, query, corpus, answer.raising(), 1),
        estimated(store, query, corpus, answer.lowering(), -1));
  }

  private static List<Entry> estimated(
      ResultsStore store, StoredQuery query, CorpusText corpus, List<Found> found, int sign) {
    List<Entry> entries = new ArrayList<>();
    for (Found one : found) {
      Sequence sequence = corpus.corpus().sequence(one.place());
      entries.add(
          new Entry(
              sign * (entries.size() + 1),
              sequence.documentId(),
              one.influence(),
              ShadedText.plain(corpus.text(one.place()), query.completion()),
              SequencePage.address(store.name(), sequence.documentId(), sequence.sequenceIndex())
                  .with("place", one.place())));
    }
    return entries;
  }
}
