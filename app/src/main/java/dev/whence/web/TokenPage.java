package dev.whence.web;

import dev.whence.results.ResultsFolder.CompletionToken;
import dev.whence.results.ResultsFolder.StoredQuery;
import dev.whence.store.ResultsStore;
import dev.whence.store.TopSequence;
import java.util.List;
import java.util.Optional;

/**
 * One token of a completion, and what influences its prediction most.
 *
 * @param words the completion's tokens, each with a page of its own
 */
public record TokenPage(
    String results,
    StoredQuery query,
    CompletionToken token,
    List<Word> words,
    List<Entry> raising,
    List<Entry> lowering,
    Address whole) {
  private static final int COUNT = 20;

  /**
   * A token of the completion.
   *
   * @param shade by its log-probability: the less likely, the stronger
   */
  public record Word(String text, Address address, String shade, String tip, boolean chosen) {}

  /** A sequence in the list. */
  public record Entry(TopSequence sequence, ShadedText text, Address document) {}

  static Address address(String results, String query, int token) {
    return Address.of("/token").with("results", results).with("query", query).with("token", token);
  }

  /** The page of a token; empty when it has no influences of its own. */
  static Optional<TokenPage> of(ResultsStore store, String queryId, int token) {
    List<CompletionToken> tokens = store.folder().completionTokens(queryId);
    Optional<CompletionToken> chosen = tokens.stream().filter(t -> t.index() == token).findFirst();
    return chosen.map(one -> {
      StoredQuery query = store.query(queryId).orElseThrow();
      return new TokenPage(
          store.name(),
          query,
          one,
          words(store.name(), queryId, tokens, Optional.of(token)),
          entries(store, query, token, true),
          entries(store, query, token, false),
          QueryPage.View.usual(store, queryId).address());
    });
  }

  /** A completion's tokens with the addresses of their pages. */
  static List<Word> words(
      String results, String query, List<CompletionToken> tokens, Optional<Integer> chosen) {
    double least = tokens.stream().mapToDouble(CompletionToken::logProbability).min().orElse(0);
    return tokens.stream()
        .map(t ->
            new Word(
                t.token(),
                address(results, query, t.index()),
                ShadedText.shade(-t.logProbability(), -least).replace('r', 'u'),
                "log p = %s nats".formatted(Show.influence(t.logProbability())),
                chosen.equals(Optional.of(t.index()))))
        .toList();
  }

  private static List<Entry> entries(
      ResultsStore store, StoredQuery query, int token, boolean raising) {
    return store.topOfToken(query.id(), token, raising, COUNT).stream()
        .map(s ->
            new Entry(
                s,
                ShadedText.of(
                    store.tokensOfToken(query.id(), token, s.rank()), query.completion(), "nats"),
                SequencePage.address(store.name(), s.documentId(), s.sequenceIndex())
                    .with("place", s.place())))
        .toList();
  }
}
