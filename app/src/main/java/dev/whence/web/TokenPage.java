package dev.whence.web;

import dev.whence.attribution.AttributionSettings;
import dev.whence.corpus.Query;
import dev.whence.corpus.Sequence;
import dev.whence.curvature.Damping;
import dev.whence.index.IndexSearcher;
import dev.whence.index.IndexSearcher.Found;
import dev.whence.index.InfluenceIndex;
import dev.whence.results.ResultsFolder.StoredQuery;
import dev.whence.results.ResultsFolder.TokenInfluence;
import dev.whence.store.CorpusText;
import dev.whence.store.Library;
import dev.whence.store.ModelDesk;
import dev.whence.store.ResultsStore;
import dev.whence.store.TopSequence;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * One token of a completion, or several in a row, and what influences their prediction most: as it
 * was computed, or else as the influence index estimates it.
 *
 * @param said the tokens
 * @param exact whether the influences were computed
 * @param unit what the figures in the lists are
 * @param ends the spans that begin with the first token, where the index can be asked for them
 */
public record TokenPage(
    String results,
    StoredQuery query,
    Answer answer,
    String said,
    boolean exact,
    String unit,
    List<Answer.Word> ends,
    List<Card> raising,
    List<Card> lowering,
    Address whole) {
  private static final int COUNT = 20;
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  /**
   * The tokens that a page is about.
   *
   * @param first from 0
   * @param last at least {@code first}
   */
  record Span(int first, int last) {}

  static Address address(String results, String query, int token) {
    return Address.of("/token").with("results", results).with("query", query).with("token", token);
  }

  static Address address(String results, String query, Span span) {
    return address(results, query, span.first).with("last", span.last, span.first);
  }

  /** The page of a token or span; empty when nothing is known of it by itself. */
  static Optional<TokenPage> of(
      Library library, ModelDesk desk, ResultsStore store, String queryId, Span span) {
    Optional<StoredQuery> query = store.query(queryId);
    if (query.isEmpty()) {
      return Optional.empty();
    }
    Answer plain = Answer.of(library, store, queryId);
    List<Answer.Word> words =
        plain.words().stream()
            .map(word -> word.withChosen(span.first <= word.token() && word.token() <= span.last))
            .toList();
    List<Answer.Word> chosen = words.stream().filter(Answer.Word::chosen).toList();
    if (chosen.size() != span.last - span.first + 1 || !plain.isFollowed()) {
      return Optional.empty();
    }
    boolean indexed = library.hasInfluenceIndex(store);
    boolean exact = store.folder().isByToken() && span.first == span.last;
    if (!exact && !indexed) {
      return Optional.empty();
    }
    Optional<Long> trainingSequences = library.trainingSequences(store);
    Sides sides =
        exact
            ? computed(store, query.get(), span.first, trainingSequences)
            : estimated(library, desk, store, query.get(), span, trainingSequences);
    return Optional.of(
        new TokenPage(
            store.name(),
            query.get(),
            new Answer(plain.prompt(), plain.completion(), words),
            chosen.stream().map(Answer.Word::text).collect(Collectors.joining()),
            exact,
            sides.measure.unit(),
            indexed ? ends(store, queryId, words, span) : List.of(),
            sides.raising,
            sides.lowering,
            QueryPage.View.usual(store, queryId).address()));
  }

  /** The spans that begin where this one does, each with the token that it ends with. */
  private static List<Answer.Word> ends(
      ResultsStore store, String queryId, List<Answer.Word> words, Span span) {
    return words.stream()
        .filter(word -> word.token() > span.first)
        .map(word ->
            new Answer.Word(
                word.token(),
                word.text(),
                Optional.of(address(store.name(), queryId, new Span(span.first, word.token()))),
                "",
                "up to here",
                word.token() == span.last))
        .toList();
  }

  private record Sides(Strength.Measure measure, List<Card> raising, List<Card> lowering) {}

  private static Sides computed(
      ResultsStore store, StoredQuery query, int token, Optional<Long> trainingSequences) {
    List<TopSequence> raising = store.byToken().top(query.id(), token, true, COUNT);
    List<TopSequence> lowering = store.byToken().top(query.id(), token, false, COUNT);
    Strength.Measure measure =
        Strength.Measure.of(
            trainingSequences,
            Stream.concat(raising.stream(), lowering.stream()).mapToDouble(TopSequence::influence));
    return new Sides(
        measure,
        computed(store, query, token, raising, measure),
        computed(store, query, token, lowering, measure));
  }

  private static List<Card> computed(
      ResultsStore store,
      StoredQuery query,
      int token,
      List<TopSequence> sequences,
      Strength.Measure measure) {
    return sequences.stream()
        .map(s -> {
          List<TokenInfluence> tokens = store.byToken().tokens(query.id(), token, s.rank());
          return Card.plain(
              s.rank(),
              measure.of(s.influence(), "", false),
              ShadedText.passage(tokens, query.completion(), "nats", Shades.ofOwn(tokens)),
              s.documentId(),
              SequencePage.address(store.name(), s.documentId(), s.sequenceIndex())
                  .with("place", s.place()));
        })
        .toList();
  }

  private static Sides estimated(
      Library library,
      ModelDesk desk,
      ResultsStore store,
      StoredQuery query,
      Span span,
      Optional<Long> trainingSequences) {
    InfluenceIndex index = library.requireInfluenceIndex(store);
    // That of the results, so that the words' influences sum to the answer's.
    Damping damping = AttributionSettings.damping(store.folder().manifest());
    IndexSearcher.Answer answer =
        desk.with(
            store,
            PATIENCE,
            loaded -> {
              Query part = store.tokens(query.id()).ofTokens(span.first, span.last);
              return loaded.searcher(index, damping).estimate(List.of(part), COUNT).getFirst();
            });
    CorpusText corpus = library.requireCorpus(store);
    Strength.Measure measure =
        Strength.Measure.of(
            trainingSequences,
            Stream.concat(answer.raising().stream(), answer.lowering().stream())
                .mapToDouble(Found::influence));
    return new Sides(
        measure,
        estimated(store, query, corpus, answer.raising(), measure, 1),
        estimated(store, query, corpus, answer.lowering(), measure, -1));
  }

  private static List<Card> estimated(
      ResultsStore store,
      StoredQuery query,
      CorpusText corpus,
      List<Found> found,
      Strength.Measure measure,
      int sign) {
    List<Card> cards = new ArrayList<>();
    for (Found one : found) {
      Sequence sequence = corpus.corpus().sequence(one.place());
      cards.add(
          Card.plain(
              sign * (cards.size() + 1),
              measure.of(one.influence(), "", true),
              ShadedText.plain(corpus.text(one.place()), query.completion()),
              sequence.documentId(),
              SequencePage.address(store.name(), sequence.documentId(), sequence.sequenceIndex())
                  .with("place", one.place())));
    }
    return cards;
  }
}
