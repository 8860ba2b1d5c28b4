package dev.whence.web;

import dev.whence.results.ResultsFolder.CompletionToken;
import dev.whence.results.ResultsFolder.StoredQuery;
import dev.whence.results.ResultsFolder.TokenInfluence;
import dev.whence.store.CorpusText;
import dev.whence.store.Distribution;
import dev.whence.store.Library;
import dev.whence.store.Ranking;
import dev.whence.store.Ranking.LayerSpan;
import dev.whence.store.ResultsStore;
import dev.whence.store.TokenRankings.WordInfluence;
import dev.whence.store.TopSequence;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A query and what influences it most.
 *
 * @param words of the completion, where each has influences of its own
 * @param basis how many sequences raise the query, and of which total the shares are
 * @param previous the query asked before this one, if there is one
 * @param next the query asked after this one
 */
public record QueryPage(
    View view,
    StoredQuery query,
    List<String> layers,
    Side raising,
    Side lowering,
    Chart byLayer,
    Optional<Chart> tail,
    Optional<Chart> shares,
    List<TokenPage.Word> words,
    String basis,
    Optional<String> previous,
    Optional<String> next) {
  private static final int USUAL_COUNT = 20;
  private static final int MOST = 500;
  private static final int LOWERING_PART = 2;
  private static final int NAMED_WORDS = 5;

  /** A reader's choices, which are the parameters of the page's address. */
  public record View(String results, String query, LayerSpan layers, boolean hideSpiky, int count) {
    static View of(Parameters parameters, ResultsStore store, String query) {
      int layers = store.folder().manifest().layers().size();
      int first = parameters.number("first", 0, 0, layers - 1);
      int last = parameters.number("last", layers - 1, first, layers - 1);
      return new View(
          store.name(),
          query,
          new LayerSpan(first, last, layers),
          parameters.ticked("hide"),
          parameters.number("count", USUAL_COUNT, 1, MOST));
    }

    /** The default view of a query. */
    static View usual(ResultsStore store, String query) {
      return new View(
          store.name(),
          query,
          LayerSpan.all(store.folder().manifest().layers().size()),
          false,
          USUAL_COUNT);
    }

    /** Whether all layers and all sequences count. */
    boolean isWhole() {
      return layers.isAll() && !hideSpiky;
    }

    /** Whether a longer list may be shown. */
    public boolean canGrow() {
      return count < MOST;
    }

    /** The address of this view. */
    public Address address() {
      Address address =
          Address.of("/query")
              .with("results", results)
              .with("query", query)
              .with("first", layers.first(), 0)
              .with("last", layers.last(), layers.total() - 1)
              .with("count", count, USUAL_COUNT);
      return hideSpiky ? address.with("hide", 1) : address;
    }

    public View withLayers(int first, int last) {
      return new View(results, query, new LayerSpan(first, last, layers.total()), hideSpiky, count);
    }

    public View withCount(int more) {
      return new View(results, query, layers, hideSpiky, Math.min(more, MOST));
    }

    View withQuery(String other) {
      return new View(results, other, layers, hideSpiky, count);
    }

    /**
     * The lower, middle and upper third of the model's blocks; empty when it has fewer than three.
     */
    public List<Third> thirds(List<String> layers) {
      List<String> blocks = layers.stream().map(Show::block).toList();
      List<String> distinct = blocks.stream().distinct().toList();
      int n = distinct.size();
      return n < 3
          ? List.of()
          : List.of(
              third("lower third", blocks, distinct.subList(0, n / 3)),
              third("middle third", blocks, distinct.subList(n / 3, 2 * n / 3)),
              third("upper third", blocks, distinct.subList(2 * n / 3, n)));
    }

    private Third third(String name, List<String> blocks, List<String> third) {
      int from = blocks.indexOf(third.getFirst());
      int to = blocks.lastIndexOf(third.getLast());
      return new Third(
          name, withLayers(from, to).address(), layers.first() == from && layers.last() == to);
    }
  }

  /** A third of the layers, which can be chosen. */
  public record Third(String name, Address address, boolean chosen) {}

  /**
   * The sequences of one sign.
   *
   * @param total how many have that sign in all
   * @param complete whether all scored sequences were ranked, not only those in the tables
   */
  public record Side(List<Entry> entries, int total, boolean complete) {}

  /**
   * A sequence in the list.
   *
   * @param share of the influence of its sign that is known
   * @param lexicalRank by BM25; a dash when it is not known
   * @param words of the completion that it is among the strongest for; none where that was not
   *     computed
   */
  public record Entry(
      TopSequence sequence,
      String share,
      String lexicalRank,
      ShadedText text,
      List<TokenPage.Word> words,
      Address document,
      Address views) {}

  static QueryPage of(Library library, ResultsStore store, View view) {
    StoredQuery query = store.query(view.query()).orElseThrow();
    Optional<double[]> influence = store.influence(query.id());
    Optional<Distribution> distribution = influence.map(Distribution::of);
    Optional<Map<Long, Integer>> lexical = library.lexicalRanks(store, query.id());
    List<StoredQuery> all = store.queries();
    int place = all.indexOf(query);
    Side raising = side(library, store, view, query, true, influence, lexical);
    boolean filtered = store.folder().manifest().candidates().isPresent();
    return new QueryPage(
        view,
        query,
        store.folder().manifest().layers(),
        raising,
        side(library, store, view, query, false, influence, lexical),
        Charts.layers(
            "by-layer",
            "Where the influence of the sequences that raise it passes",
            store.layers(query.id(), 1, Integer.MAX_VALUE)),
        distribution.flatMap(d -> Charts.tail("tail", d)),
        distribution.flatMap(d -> Charts.shares("shares", d)),
        TokenPage.words(library, store, query.id(), Optional.empty()),
        basis(view, distribution, raising, filtered),
        place > 0 ? Optional.of(address(view, all.get(place - 1))) : Optional.empty(),
        place < all.size() - 1 ? Optional.of(address(view, all.get(place + 1))) : Optional.empty());
  }

  private static String address(View view, StoredQuery other) {
    return view.withQuery(other.id()).address().text();
  }

  private static String basis(
      View view, Optional<Distribution> distribution, Side raising, boolean filtered) {
    String counts =
        distribution
            .map(d ->
                "%s of %s scored sequences raise it. "
                    .formatted(Show.count(d.positive()), Show.count(d.sequences())))
            .orElse("");
    if (raising.complete() || (distribution.isPresent() && view.isWhole())) {
      return counts + "Shares are of all that counts and has a sequence's sign.";
    }
    return counts
        + "Shares are of what counts among the %s that were kept."
            .formatted(Show.count(raising.total()))
        + (distribution.isPresent() || view.hideSpiky() || filtered
            ? ""
            : " With --all-scores they are of all sequences, and their distribution is shown.");
  }

  private static Side side(
      Library library,
      ResultsStore store,
      View view,
      StoredQuery query,
      boolean raising,
      Optional<double[]> influence,
      Optional<Map<Long, Integer>> lexical) {
    int count = raising ? view.count : Math.max(1, view.count / LOWERING_PART);
    Ranking ranking = new Ranking(raising, view.layers, view.hideSpiky, 0, count);
    Optional<ResultsStore.Ranked> ofAll =
        view.isWhole()
            ? Optional.empty()
            : library.corpus(store).flatMap(text -> store.topOfAll(query.id(), ranking, text));
    List<TopSequence> sequences =
        ofAll.map(ResultsStore.Ranked::sequences).orElseGet(() -> store.top(query.id(), ranking));
    ResultsStore.Sum sum =
        ofAll.map(ResultsStore.Ranked::all).orElseGet(() -> store.sum(query.id(), ranking));
    double total =
        view.isWhole()
            ? influence
                .map(all -> Arrays.stream(all).filter(x -> x > 0 == raising).sum())
                .orElse(sum.influence())
            : sum.influence();
    Map<Integer, List<TokenInfluence>> tokens =
        store.tokens(
            query.id(),
            sequences.stream().filter(TopSequence::isKept).map(TopSequence::rank).toList());
    Map<Long, List<WordInfluence>> words =
        store.byToken().words(query.id(), sequences.stream().map(TopSequence::place).toList());
    List<CompletionToken> completion = store.folder().completionTokens(query.id());
    List<Entry> entries =
        sequences.stream()
            .map(s ->
                new Entry(
                    s,
                    total != 0 ? Show.percent(s.counted() / total) : "–",
                    lexicalRank(lexical, s.place()),
                    s.isKept()
                        ? ShadedText.of(
                            tokens.getOrDefault(s.rank(), List.of()), query.completion(), "nats")
                        : ShadedText.plain(s.text(), query.completion()),
                    words(view, completion, words.getOrDefault(s.place(), List.of())),
                    SequencePage.address(view.results, s.documentId(), s.sequenceIndex())
                        .with("place", s.place()),
                    ViewsPage.address(view.results, query.id(), s.rank())))
            .toList();
    return new Side(entries, sum.sequences(), ofAll.isPresent());
  }

  /** The strongest few words, each with what it is raised or lowered by. */
  private static List<TokenPage.Word> words(
      View view, List<CompletionToken> completion, List<WordInfluence> words) {
    double largest = words.stream().mapToDouble(w -> Math.abs(w.influence())).max().orElse(0);
    return words.stream()
        .limit(NAMED_WORDS)
        .map(w ->
            new TokenPage.Word(
                completion.stream()
                    .filter(t -> t.index() == w.token())
                    .map(CompletionToken::token)
                    .findFirst()
                    .orElse(""),
                TokenPage.address(view.results, view.query, w.token()),
                ShadedText.shade(w.influence(), largest),
                Show.influence(w.influence()) + " nats",
                false))
        .toList();
  }

  private static String lexicalRank(Optional<Map<Long, Integer>> ranks, long place) {
    if (ranks.isEmpty()) {
      return "–";
    }
    Integer rank = ranks.get().get(place);
    return rank == null
        ? "none of the best " + Show.count(CorpusText.LEXICAL_RANKS)
        : "#" + Show.count(rank);
  }
}
