package dev.whence.web;

import dev.whence.corpus.Sequence;
import dev.whence.results.ResultsFolder.StoredQuery;
import dev.whence.store.CorpusText;
import dev.whence.store.Library;
import dev.whence.store.ResultsStore;
import dev.whence.store.ResultsStore.Influenced;
import dev.whence.store.ScoreMatrix;
import dev.whence.store.TopSequence;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Collectors;

/**
 * A training sequence, and the queries that it influences most.
 *
 * @param complete whether all queries were looked at, not only those that have the sequence among
 *     their strongest
 * @param selfInfluence in nats, where it was computed
 */
public record SequencePage(
    String results,
    String documentId,
    int sequenceIndex,
    String text,
    List<Row> queries,
    boolean complete,
    Optional<Double> selfInfluence,
    List<Neighbour> neighbours) {
  private static final int QUERIES = 50;
  private static final int REACH = 3;
  private static final int EXCERPT = 160;

  /**
   * A query that the sequence influences; {@code rank} is empty when it is not among its strongest.
   */
  public record Row(StoredQuery query, double influence, String rank, Address address) {}

  /** A sequence of the same document. */
  public record Neighbour(int sequenceIndex, String excerpt, boolean own, Address address) {}

  static Address address(String results, String documentId, int sequenceIndex) {
    return Address.of("/sequence")
        .with("results", results)
        .with("document", documentId)
        .with("index", sequenceIndex);
  }

  /** Empty when neither the tables nor the corpus have the sequence. */
  static Optional<SequencePage> of(
      Library library, ResultsStore store, String documentId, int sequenceIndex, OptionalLong at) {
    Optional<TopSequence> known = store.anySequence(documentId, sequenceIndex, at);
    Optional<CorpusText> corpus = library.corpus(store);
    OptionalLong place = known.isPresent() ? OptionalLong.of(known.get().place()) : at;
    Optional<Sequence> inCorpus =
        corpus
            .filter(_ -> place.isPresent() && place.getAsLong() < corpus.get().corpus().size())
            .map(text -> text.corpus().sequence(place.getAsLong()))
            .filter(s -> s.documentId().equals(documentId) && s.sequenceIndex() == sequenceIndex);
    if (known.isEmpty() && inCorpus.isEmpty()) {
      return Optional.empty();
    }
    Optional<Integer> column =
        store
            .scores()
            .flatMap(s -> place.isPresent() ? s.column(place.getAsLong()) : Optional.empty());
    Optional<double[]> all =
        column.flatMap(c -> store.scores().flatMap(scores -> scores.onQueries(c)));
    List<Influenced> ranked = place.isPresent() ? store.influenced(place.getAsLong()) : List.of();
    return Optional.of(
        new SequencePage(
            store.name(),
            documentId,
            sequenceIndex,
            inCorpus
                .map(s -> corpus.orElseThrow().text(s.index()))
                .orElseGet(() -> known.map(TopSequence::text).orElse("")),
            all.map(scores -> rows(store, scores, ranked)).orElseGet(() -> rows(store, ranked)),
            all.isPresent(),
            column.flatMap(c -> store.scores().flatMap((ScoreMatrix s) -> s.selfInfluence(c))),
            inCorpus.map(s -> neighbours(store, corpus.orElseThrow(), s)).orElse(List.of())));
  }

  private static List<Row> rows(ResultsStore store, List<Influenced> ranked) {
    return ranked.stream()
        .limit(QUERIES)
        .map(i -> row(store, store.query(i.queryId()).orElseThrow(), i.influence(), "" + i.rank()))
        .toList();
  }

  private static List<Row> rows(ResultsStore store, double[] scores, List<Influenced> ranked) {
    Map<String, Influenced> known =
        ranked.stream().collect(Collectors.toMap(Influenced::queryId, i -> i));
    List<StoredQuery> queries = store.queries();
    List<Row> rows = new ArrayList<>();
    for (int q = 0; q < scores.length; q++) {
      StoredQuery query = queries.get(q);
      Influenced own = known.get(query.id());
      rows.add(
          own == null
              ? row(store, query, scores[q], "")
              : row(store, query, own.influence(), "" + own.rank())); // which may be refined
    }
    rows.sort(Comparator.comparingDouble(row -> -Math.abs(row.influence())));
    return rows.subList(0, Math.min(QUERIES, rows.size()));
  }

  private static Row row(ResultsStore store, StoredQuery query, double influence, String rank) {
    return new Row(query, influence, rank, QueryPage.View.usual(store, query.id()).address());
  }

  private static List<Neighbour> neighbours(ResultsStore store, CorpusText text, Sequence own) {
    List<Neighbour> neighbours = new ArrayList<>();
    for (Sequence s : text.neighbours(own.index(), REACH)) {
      neighbours.add(
          new Neighbour(
              s.sequenceIndex(),
              Show.shortened(text.text(s.index()), EXCERPT),
              s.index() == own.index(),
              address(store.name(), s.documentId(), s.sequenceIndex()).with("place", s.index())));
    }
    return neighbours;
  }
}
