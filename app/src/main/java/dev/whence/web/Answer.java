package dev.whence.web;

import dev.whence.InvalidInputException;
import dev.whence.corpus.Query;
import dev.whence.corpus.Tokenizer;
import dev.whence.results.ResultsFolder.CompletionToken;
import dev.whence.store.CorpusText;
import dev.whence.store.Library;
import dev.whence.store.ResultsStore;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

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
   * @param token its number in the completion
   * @param address of the page with what influences it, or the word that it is a part of; empty
   *     where there is none
   * @param shade the less likely it was, the stronger, where that is known
   */
  public record Word(
      int token, String text, Optional<Address> address, String shade, String tip, boolean chosen) {

    Word withAddress(Optional<Address> other) {
      return new Word(token, text, other, shade, tip, chosen);
    }

    Word withChosen(boolean other) {
      return new Word(token, text, address, shade, tip, other);
    }

    /** Whether it is the first token of a word. */
    boolean begins() {
      return !text.isEmpty() && !Character.isLetterOrDigit(text.codePointAt(0));
    }
  }

  /**
   * The answer of a query. A token's page is its own where its influences were computed; of the
   * index, which can be asked for any, it is that of the whole word.
   */
  static Answer of(Library library, ResultsStore store, String queryId) {
    var query = store.query(queryId).orElseThrow();
    boolean indexed = library.hasInfluenceIndex(store) && library.corpus(store).isPresent();
    List<Word> tokens = tokens(library, store, queryId, indexed);
    List<Word> words = new ArrayList<>();
    for (int w = 0; w < tokens.size(); w++) {
      Optional<Address> address = Optional.empty();
      if (store.folder().isByToken()) {
        address = Optional.of(TokenPage.address(store.name(), queryId, tokens.get(w).token));
      } else if (indexed) {
        address = Optional.of(TokenPage.address(store.name(), queryId, wordAround(tokens, w)));
      }
      words.add(tokens.get(w).withAddress(address));
    }
    return new Answer(
        query.prompt() + unscored(query.completion(), tokens), query.completion(), words);
  }

  /** The completion's beginning, where nothing comes before it that could predict it. */
  private static String unscored(String completion, List<Word> tokens) {
    String scored = tokens.stream().map(Word::text).collect(Collectors.joining());
    return !tokens.isEmpty() && tokens.getFirst().token > 0 && completion.endsWith(scored)
        ? completion.substring(0, completion.length() - scored.length())
        : "";
  }

  private static TokenPage.Span wordAround(List<Word> tokens, int place) {
    int first = place;
    while (first > 0 && !tokens.get(first).begins()) {
      first--;
    }
    int last = place;
    while (last + 1 < tokens.size() && !tokens.get(last + 1).begins()) {
      last++;
    }
    return new TokenPage.Span(tokens.get(first).token, tokens.get(last).token);
  }

  /** The tokens, without the addresses of their pages. */
  private static List<Word> tokens(
      Library library, ResultsStore store, String queryId, boolean indexed) {
    List<CompletionToken> tokens = store.completionTokens(queryId);
    if (!tokens.isEmpty()) {
      double least = tokens.stream().mapToDouble(CompletionToken::logProbability).min().orElse(0);
      Shades shades = new Shades(-least, false);
      return tokens.stream()
          .map(t ->
              new Word(
                  t.index(),
                  t.token(),
                  Optional.empty(),
                  shades.of(-t.logProbability()).replace('r', 'u'),
                  tip(t),
                  false))
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
                t,
                pieces.get(query.promptTokens().length + t),
                Optional.empty(),
                "",
                "where it came from",
                false))
        .toList();
  }

  private static String tip(CompletionToken token) {
    String own = "probability " + Show.percent(Math.exp(token.logProbability()));
    return token
        .likelier()
        .map(other ->
            own
                + "; likeliest was “%s”, %s"
                    .formatted(other.token(), Show.percent(Math.exp(other.logProbability()))))
        .orElse(own);
  }

  /** This answer where there are no other pages. */
  public Answer withoutAddresses() {
    return new Answer(
        prompt,
        completion,
        words.stream().map(word -> word.withAddress(Optional.empty()).withChosen(false)).toList());
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
