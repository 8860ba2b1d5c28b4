package dev.whence.web;

import dev.whence.results.ResultsFolder.StoredQuery;
import dev.whence.results.ResultsFolder.TokenInfluence;
import dev.whence.store.Ranking;
import dev.whence.store.Ranking.LayerSpan;
import dev.whence.store.ResultsStore;
import dev.whence.store.TopSequence;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.hipparchus.stat.correlation.PearsonsCorrelation;
import org.hipparchus.stat.correlation.SpearmansCorrelation;
import org.jspecify.annotations.Nullable;

/**
 * One query in two results, which may differ in method, model or settings.
 *
 * @param queries that both have
 * @param comparison absent until both results and a query are chosen
 */
public record ComparePage(
    List<String> names,
    String left,
    String right,
    List<String> queries,
    String query,
    Optional<Comparison> comparison) {
  private static final int SHOWN = 30;
  private static final int MOVED = 20;
  private static final int MOST = 1000;
  private static final int[] DEPTHS = {10, 50, 100};

  /**
   * How the influences on the query agree between the two results.
   *
   * @param correlations over all sequences, when both have all scores of the same corpus
   */
  public record Comparison(
      StoredQuery query,
      List<Overlapping> overlaps,
      Optional<Correlations> correlations,
      Chart moves,
      Chart scatter,
      List<Row> rows) {}

  /** How many sequences are among the {@code depth} strongest of both results. */
  public record Overlapping(int depth, int both) {}

  /** The correlations between the two results' influences of all sequences. */
  public record Correlations(double pearson, double spearman, long sequences) {}

  /**
   * A sequence's ranks and influences; empty where it is not among the strongest that were kept.
   */
  public record Row(
      String documentId,
      int sequenceIndex,
      String leftRank,
      String leftInfluence,
      String rightRank,
      String rightInfluence,
      ShadedText left,
      ShadedText right,
      Address address) {}

  /**
   * Identifies a sequence in both results, by its text too: another tokenizer or sequence length
   * cuts documents elsewhere.
   */
  private record Key(String documentId, int sequenceIndex, String text) {
    static Key of(TopSequence s) {
      return new Key(s.documentId(), s.sequenceIndex(), s.text());
    }
  }

  static ComparePage of(
      List<ResultsStore> all,
      Optional<ResultsStore> left,
      Optional<ResultsStore> right,
      String query) {
    List<String> names = all.stream().map(ResultsStore::name).toList();
    if (left.isEmpty() || right.isEmpty()) {
      return new ComparePage(
          names,
          left.map(ResultsStore::name).orElse(""),
          right.map(ResultsStore::name).orElse(""),
          List.of(),
          query,
          Optional.empty());
    }
    ResultsStore a = left.get();
    ResultsStore b = right.get();
    List<String> shared =
        a.queries().stream().map(StoredQuery::id).filter(id -> shares(a, b, id)).toList();
    String chosen = shared.contains(query) ? query : shared.isEmpty() ? "" : shared.getFirst();
    return new ComparePage(
        names,
        a.name(),
        b.name(),
        shared,
        chosen,
        chosen.isEmpty() ? Optional.empty() : Optional.of(compare(a, b, chosen)));
  }

  /** Whether two results have the same query under an id. */
  static boolean shares(ResultsStore a, ResultsStore b, String id) {
    Optional<StoredQuery> left = a.query(id);
    Optional<StoredQuery> right = b.query(id);
    return left.isPresent()
        && right.isPresent()
        && left.get().prompt().equals(right.get().prompt())
        && left.get().completion().equals(right.get().completion());
  }

  private static Comparison compare(ResultsStore a, ResultsStore b, String query) {
    Map<Key, TopSequence> left = strongest(a, query);
    Map<Key, TopSequence> right = strongest(b, query);
    List<Charts.Pair> pairs = new ArrayList<>();
    left.forEach((key, s) -> {
      TopSequence other = right.get(key);
      if (other != null) {
        pairs.add(
            new Charts.Pair(
                s.influence(),
                other.influence(),
                "%s: %s and %s nats"
                    .formatted(
                        key.documentId,
                        Show.influence(s.influence()),
                        Show.influence(other.influence())),
                SequencePage.address(a.name(), key.documentId, key.sequenceIndex).text()));
      }
    });
    return new Comparison(
        a.query(query).orElseThrow(),
        overlaps(left, right),
        correlations(a, b, query),
        moves(left, right),
        Charts.scatter("scatter", pairs, a.name() + ", nats", b.name() + ", nats"),
        rows(a, b, query, left, right));
  }

  /** A query's sequences: those that raise it, then those that lower it, each strongest first. */
  private static Map<Key, TopSequence> strongest(ResultsStore store, String query) {
    LayerSpan layers = LayerSpan.all(store.folder().manifest().layers().size());
    Map<Key, TopSequence> ranked = new LinkedHashMap<>();
    for (boolean raising : new boolean[] {true, false}) {
      for (TopSequence s : store.top(query, new Ranking(raising, layers, false, 0, MOST))) {
        ranked.put(Key.of(s), s);
      }
    }
    return ranked;
  }

  private static List<Overlapping> overlaps(
      Map<Key, TopSequence> left, Map<Key, TopSequence> right) {
    List<Overlapping> overlaps = new ArrayList<>();
    for (int depth : DEPTHS) {
      Set<Key> both = first(left, depth);
      Set<Key> others = first(right, depth);
      if (both.size() == depth && others.size() == depth) {
        both.retainAll(others);
        overlaps.add(new Overlapping(depth, both.size()));
      }
    }
    return overlaps;
  }

  private static Set<Key> first(Map<Key, TopSequence> ranked, int depth) {
    Set<Key> first = new HashSet<>();
    ranked.forEach((key, s) -> {
      if (s.rank() > 0 && s.rank() <= depth) {
        first.add(key);
      }
    });
    return first;
  }

  private static Optional<Correlations> correlations(ResultsStore a, ResultsStore b, String query) {
    boolean same =
        a.folder().manifest().corpus().hash().equals(b.folder().manifest().corpus().hash())
            && a.folder().manifest().candidates().equals(b.folder().manifest().candidates());
    Optional<double[]> left = a.influence(query);
    Optional<double[]> right = b.influence(query);
    return same && left.isPresent() && right.isPresent() && left.get().length > 1
        ? Optional.of(
            new Correlations(
                new PearsonsCorrelation().correlation(left.get(), right.get()),
                new SpearmansCorrelation().correlation(left.get(), right.get()),
                left.get().length))
        : Optional.empty();
  }

  /** The ranks on both sides of those that raise the query most in either. */
  private static Chart moves(Map<Key, TopSequence> left, Map<Key, TopSequence> right) {
    Set<Key> keys = new LinkedHashSet<>(first(left, MOVED));
    keys.addAll(first(right, MOVED));
    return Charts.moves(
        "moves",
        MOVED,
        keys.stream()
            .map(key -> new Charts.Move(key.documentId, rank(left.get(key)), rank(right.get(key))))
            .toList());
  }

  private static int rank(@Nullable TopSequence s) {
    return s == null || s.rank() < 0 ? Integer.MAX_VALUE : s.rank();
  }

  /** A side's text, shaded by what it is there; plain where it is not among the kept. */
  private static Map<Key, ShadedText> shaded(
      ResultsStore store, String query, Map<Key, TopSequence> ranked, Set<Key> keys) {
    String said = store.query(query).orElseThrow().completion();
    List<Integer> ranks =
        ranked.entrySet().stream()
            .filter(entry -> keys.contains(entry.getKey()))
            .map(entry -> entry.getValue().rank())
            .toList();
    Map<Integer, List<TokenInfluence>> tokens = store.tokens(query, ranks);
    Map<Key, ShadedText> texts = new HashMap<>();
    for (Key key : keys) {
      TopSequence s = ranked.get(key);
      List<TokenInfluence> own = s == null ? List.of() : tokens.getOrDefault(s.rank(), List.of());
      texts.put(
          key,
          own.isEmpty()
              ? ShadedText.plain(key.text, said)
              : ShadedText.passage(own, said, "nats", Shades.ofOwn(own)));
    }
    return texts;
  }

  private static List<Row> rows(
      ResultsStore a,
      ResultsStore b,
      String query,
      Map<Key, TopSequence> left,
      Map<Key, TopSequence> right) {
    Set<Key> keys = new LinkedHashSet<>();
    left.keySet().stream().limit(SHOWN).forEach(keys::add);
    right.keySet().stream().limit(SHOWN).forEach(keys::add);
    Map<Key, ShadedText> leftTexts = shaded(a, query, left, keys);
    Map<Key, ShadedText> rightTexts = shaded(b, query, right, keys);
    List<Row> rows = new ArrayList<>();
    for (Key key : keys) {
      Optional<TopSequence> l = Optional.ofNullable(left.get(key));
      Optional<TopSequence> r = Optional.ofNullable(right.get(key));
      rows.add(
          new Row(
              key.documentId,
              key.sequenceIndex,
              l.map(s -> "" + s.rank()).orElse(""),
              l.map(s -> Show.influence(s.influence())).orElse(""),
              r.map(s -> "" + s.rank()).orElse(""),
              r.map(s -> Show.influence(s.influence())).orElse(""),
              Objects.requireNonNull(leftTexts.get(key)),
              Objects.requireNonNull(rightTexts.get(key)),
              SequencePage.address(
                  l.isPresent() ? a.name() : b.name(), key.documentId, key.sequenceIndex)));
    }
    return rows;
  }
}
