package dev.whence.web;

import dev.whence.results.ResultsFolder.StoredQuery;
import dev.whence.store.Distribution;
import dev.whence.store.Library;
import dev.whence.store.Ranking.LayerSpan;
import dev.whence.store.ResultsStore;
import dev.whence.store.TopSequence;
import java.util.List;
import java.util.Optional;

/**
 * An answer and what influences it most.
 *
 * @param summary what was found, in a sentence
 * @param unit what the figures in the lists are
 * @param basis how many sequences raise the query, and of which total the shares are
 * @param previous the query asked before this one, if there is one
 * @param next the query asked after this one
 */
public record QueryPage(
    View view,
    StoredQuery query,
    Answer answer,
    String summary,
    Trust trust,
    String unit,
    List<String> layers,
    Side raising,
    Side lowering,
    Chart byLayer,
    Optional<Chart> tail,
    Optional<Chart> shares,
    String basis,
    Optional<String> previous,
    Optional<String> next) {
  private static final int USUAL_COUNT = 20;
  private static final int MOST = 500;
  private static final int MOST_RANKS = Integer.MAX_VALUE;
  private static final int NAME = 60;

  /** A reader's choices, which are the parameters of the page's address. */
  public record View(
      String results,
      String query,
      LayerSpan layers,
      boolean hideSpiky,
      boolean ownShades,
      int count) {
    static View of(Parameters parameters, ResultsStore store, String query) {
      int layers = store.folder().manifest().layers().size();
      int first = parameters.number("first", 0, 0, layers - 1);
      int last = parameters.number("last", layers - 1, first, layers - 1);
      return new View(
          store.name(),
          query,
          new LayerSpan(first, last, layers),
          parameters.ticked("hide"),
          parameters.text("shades").equals("own"),
          parameters.number("count", USUAL_COUNT, 1, MOST));
    }

    /** The default view of a query. */
    static View usual(ResultsStore store, String query) {
      return new View(
          store.name(),
          query,
          LayerSpan.all(store.folder().manifest().layers().size()),
          false,
          false,
          USUAL_COUNT);
    }

    /** Whether all layers and all sequences count. */
    boolean isWhole() {
      return layers.isAll() && !hideSpiky;
    }

    /** Whether a reader chose anything. */
    public boolean isUsual() {
      return isWhole() && !ownShades && count == USUAL_COUNT;
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
      address = hideSpiky ? address.with("hide", 1) : address;
      return ownShades ? address.with("shades", "own") : address;
    }

    public View withLayers(int first, int last) {
      return new View(
          results, query, new LayerSpan(first, last, layers.total()), hideSpiky, ownShades, count);
    }

    public View withCount(int more) {
      return new View(results, query, layers, hideSpiky, ownShades, Math.min(more, MOST));
    }

    View withQuery(String other) {
      return new View(results, other, layers, hideSpiky, ownShades, count);
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
  public record Side(List<Card> cards, int total, boolean complete) {}

  static QueryPage of(Library library, ResultsStore store, View view) {
    StoredQuery query = store.query(view.query()).orElseThrow();
    Optional<double[]> influence = store.influence(query.id());
    Optional<Distribution> distribution = influence.map(Distribution::of);
    RankedSide raised = RankedSide.of(library, store, view, true, influence);
    RankedSide lowered = RankedSide.of(library, store, view, false, influence);
    CardMaker cards = CardMaker.of(library, store, view, List.of(raised, lowered));
    Side raising = side(raised, cards);
    List<StoredQuery> all = store.queries();
    int place = all.indexOf(query);
    boolean filtered = store.folder().manifest().candidates().isPresent();
    boolean ofAll = raised.complete() || (distribution.isPresent() && view.isWhole());
    return new QueryPage(
        view,
        query,
        Answer.of(library, store, query.id()),
        summary(view, raised, cards.measure(), ofAll, filtered),
        Trust.of(library, store, query, raised.sequences(), cards.tokens(), view.isWhole()),
        cards.measure().unit(),
        store.folder().manifest().layers(),
        raising,
        side(lowered, cards),
        Charts.layers(
            "by-layer", "Through which layers it comes", store.layers(query.id(), 1, MOST_RANKS)),
        distribution.flatMap(d -> Charts.tail("tail", d)),
        distribution.flatMap(d -> Charts.shares("shares", d)),
        basis(view, distribution, raising, ofAll, filtered),
        place > 0 ? Optional.of(address(view, all.get(place - 1))) : Optional.empty(),
        place < all.size() - 1 ? Optional.of(address(view, all.get(place + 1))) : Optional.empty());
  }

  private static Side side(RankedSide side, CardMaker cards) {
    return new Side(cards.of(side), side.sum().sequences(), side.complete());
  }

  /**
   * What was found, in plain words.
   *
   * @param ofAll whether the shares are of all sequences that were scored, not of those kept
   */
  private static String summary(
      View view, RankedSide raised, Strength.Measure measure, boolean ofAll, boolean filtered) {
    if (raised.sequences().isEmpty()) {
      return "No sequence makes this answer more likely.";
    }
    TopSequence first = raised.sequences().getFirst();
    String name = Show.shortened(first.documentId(), NAME);
    String layers = view.layers.isAll() ? "" : ", through these layers,";
    String strongest =
        measure
            .trainingSequences()
            .map(n -> Show.oneMoreCopy(name, layers, first.counted() / n))
            .orElse("What%s raises this answer most is %s.".formatted(layers, name));
    double shown = raised.sequences().stream().mapToDouble(TopSequence::counted).sum();
    int count = raised.sequences().size();
    if (raised.total() <= 0 || count < 2 || view.hideSpiky) {
      return strongest;
    }
    String of =
        ofAll
            ? "what raises it" + (filtered ? " among those that were scored" : "")
            : "what the %s that were kept raise it by"
                .formatted(Show.count(raised.sum().sequences()));
    return "%s The %d strongest sequences hold %s of %s."
        .formatted(strongest, count, Show.percent(shown / raised.total()), of);
  }

  private static String address(View view, StoredQuery other) {
    return view.withQuery(other.id()).address().text();
  }

  private static String basis(
      View view,
      Optional<Distribution> distribution,
      Side raising,
      boolean ofAll,
      boolean filtered) {
    String counts =
        distribution
            .map(d ->
                "%s of %s scored sequences raise it. "
                    .formatted(Show.count(d.positive()), Show.count(d.sequences())))
            .orElse("");
    if (ofAll) {
      return counts + "Shares are of all that counts and has a sequence's sign.";
    }
    return counts
        + "Shares are of what counts among the %s that were kept."
            .formatted(Show.count(raising.total()))
        + (distribution.isPresent() || view.hideSpiky() || filtered
            ? ""
            : " With --all-scores they are of all sequences, and their distribution is shown.");
  }
}
