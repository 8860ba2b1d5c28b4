package dev.whence.web;

import dev.whence.InvalidInputException;
import dev.whence.corpus.Query;
import dev.whence.corpus.Tokenizer;
import dev.whence.results.ResultsFolder.CompletionToken;
import dev.whence.store.CorpusText;
import dev.whence.store.Library;
import dev.whence.store.ResultsStore;
import java.util.List;
import java.util.Optional;

/**
 * What the model was given and what it said, token by token.
 *
 * @param words the completion's tokens; none where they are not known
 */
public record Answer(String prompt, String completion, List<Word> words) {
  /** More of an answer is no title. */
  private static final int TITLE = 70;

  /**
   * A token of the completion.
   *
   * @param address of the page with what influences it; empty where there is none
   * @param shade the less likely it was, the stronger, where that is known
   */
  public record Word(
      String text, Optional<Address> address, String shade, String tip, boolean chosen) {}

  /**
   * The answer of a query.
   *
   * @param chosen the token that a page is about
   */
  static Answer of(Library library, ResultsStore store, String queryId, Optional<Integer> chosen) {
    var query = store.query(queryId).orElseThrow();
    return new Answer(query.prompt(), query.completion(), words(library, store, queryId, chosen));
  }

  private static List<Word> words(
      Library library, ResultsStore store, String queryId, Optional<Integer> chosen) {
    boolean indexed = library.hasInfluenceIndex(store) && library.corpus(store).isPresent();
    boolean pages = store.folder().isByToken() || indexed;
    List<CompletionToken> tokens = store.folder().completionTokens(queryId);
    if (!tokens.isEmpty()) {
      double least = tokens.stream().mapToDouble(CompletionToken::logProbability).min().orElse(0);
      Shades shades = new Shades(-least, false);
      return tokens.stream()
          .map(t ->
              new Word(
                  t.token(),
                  address(pages, store, queryId, t.index()),
                  shades.of(-t.logProbability()).replace('r', 'u'),
                  tip(t),
                  chosen.equals(Optional.of(t.index()))))
          .toList();
    }
    Optional<Tokenizer> tokenizer =
        indexed ? library.corpus(store).flatMap(CorpusText::tokenizer) : Optional.empty();
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
            new Word(
                pieces.get(query.promptTokens().length + t),
                address(true, store, queryId, t),
                "",
                "where it came from",
                chosen.equals(Optional.of(t))))
        .toList();
  }

  private static Optional<Address> address(
      boolean there, ResultsStore store, String queryId, int token) {
    return there ? Optional.of(TokenPage.address(store.name(), queryId, token)) : Optional.empty();
  }

  private static String tip(CompletionToken token) {
    String own = "probability " + Show.percent(Math.exp(token.logProbability()));
    return token.token().equals(token.likeliest())
        ? own + ", the likeliest"
        : own
            + "; likeliest was “%s”, %s"
                .formatted(
                    token.likeliest(), Show.percent(Math.exp(token.likeliestLogProbability())));
  }

  /** This answer where there are no other pages. */
  public Answer withoutAddresses() {
    return new Answer(
        prompt,
        completion,
        words.stream()
            .map(w -> new Word(w.text, Optional.empty(), w.shade, w.tip, false))
            .toList());
  }

  /** A title for the page. */
  public String title() {
    return Show.shortened((prompt + completion).strip(), TITLE);
  }

  /** Whether any word has a page of its own. */
  public boolean isFollowed() {
    return words.stream().anyMatch(word -> word.address().isPresent());
  }
}
