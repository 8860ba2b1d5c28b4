package dev.whence.web;

import dev.whence.results.ResultsFolder.CompletionToken;
import dev.whence.results.ResultsFolder.LayerInfluence;
import dev.whence.results.ResultsFolder.TokenInfluence;
import dev.whence.store.CorpusText;
import dev.whence.store.Library;
import dev.whence.store.ResultsStore;
import dev.whence.store.TokenRankings.WordInfluence;
import dev.whence.store.TopSequence;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Makes the cards of a query's sequences, of both signs on the same scales.
 *
 * @param tokens of the sequences that are in the tables, by rank
 * @param layers likewise
 * @param largest the influence of a token with the strongest shade
 */
record CardMaker(
    ResultsStore store,
    QueryPage.View view,
    Strength.Measure measure,
    Map<Integer, List<TokenInfluence>> tokens,
    Map<Integer, List<LayerInfluence>> layers,
    double largest,
    Map<Long, List<WordInfluence>> words,
    List<CompletionToken> completion,
    Optional<Map<Long, Integer>> lexical) {
  private static final int NAMED_WORDS = 5;
  private static final int BLOCK_WIDTH = 8;

  static CardMaker of(
      Library library, ResultsStore store, QueryPage.View view, List<RankedSide> sides) {
    List<TopSequence> all = sides.stream().flatMap(side -> side.sequences().stream()).toList();
    List<Integer> ranks = all.stream().filter(TopSequence::isKept).map(TopSequence::rank).toList();
    Map<Integer, List<TokenInfluence>> tokens = store.tokens(view.query(), ranks);
    return new CardMaker(
        store,
        view,
        Strength.Measure.of(
            library.trainingSequences(store), all.stream().mapToDouble(TopSequence::counted)),
        tokens,
        store.layers(view.query(), ranks),
        tokens.values().stream().mapToDouble(Shades::largest).max().orElse(0),
        store.byToken().words(view.query(), all.stream().map(TopSequence::place).toList()),
        store.completionTokens(view.query()),
        library.lexicalRanks(store, view.query()));
  }

  /** The cards of one sign. */
  List<Card> of(RankedSide side) {
    return side.sequences().stream().map(sequence -> card(side, sequence)).toList();
  }

  private Card card(RankedSide side, TopSequence s) {
    String share = side.total() != 0 ? Show.percent(s.counted() / side.total()) : "";
    return new Card(
        s.isKept() ? "rank" + s.rank() : "place" + s.place(),
        s.isKept() ? "" + s.rank() : "–",
        measure.of(s.counted(), share, false),
        text(s),
        s.documentId(),
        SequencePage.address(view.results(), s.documentId(), s.sequenceIndex())
            .with("place", s.place()),
        s.tokenOffset() > 0 ? "from token " + Show.count(s.tokenOffset()) : "",
        badges(s),
        s.isKept()
            ? Optional.of(ViewsPage.address(view.results(), view.query(), s.rank()))
            : Optional.empty(),
        blocks(layers.getOrDefault(s.rank(), List.of())),
        words(words.getOrDefault(s.place(), List.of())));
  }

  private ShadedText text(TopSequence s) {
    String said = store.query(view.query()).orElseThrow().completion();
    if (!s.isKept()) {
      return ShadedText.plain(s.text(), said);
    }
    List<TokenInfluence> own = tokens.getOrDefault(s.rank(), List.of());
    Shades shades = view.ownShades() ? Shades.ofOwn(own) : new Shades(largest, true);
    return ShadedText.passage(own, said, "nats", shades);
  }

  private List<Card.Badge> badges(TopSequence s) {
    List<Card.Badge> badges = new ArrayList<>();
    lexical.ifPresent(ranks -> {
      Integer rank = ranks.get(s.place());
      badges.add(
          new Card.Badge(
              "lexical",
              rank == null
                  ? "BM25 beyond " + Show.count(CorpusText.LEXICAL_RANKS)
                  : "BM25 #" + Show.count(rank),
              "its rank by shared words"));
    });
    if (s.spiky()) {
      badges.add(
          new Card.Badge(
              "spiky",
              "spiky",
              "one or two tokens carry nearly all of its influence: hard to interpret"));
    }
    if (s.refined()) {
      badges.add(new Card.Badge("refined", "refined", "scored with whole gradients"));
    }
    return badges;
  }

  /** The influence through each block; none of a model without numbered blocks. */
  private static List<Card.Block> blocks(List<LayerInfluence> ofLayers) {
    Map<String, Double> sums = new LinkedHashMap<>();
    for (LayerInfluence layer : ofLayers) {
      sums.merge(Show.block(layer.layer()), layer.influence(), Double::sum);
    }
    if (sums.size() < 2) {
      return List.of();
    }
    Shades shades =
        new Shades(sums.values().stream().mapToDouble(Math::abs).max().orElse(0), false);
    List<Card.Block> blocks = new ArrayList<>();
    sums.forEach((block, influence) ->
        blocks.add(
            new Card.Block(
                "" + blocks.size() * BLOCK_WIDTH,
                ("cell " + shades.of(influence)).strip(),
                "block %s: %s nats".formatted(block, Show.influence(influence)))));
    return blocks;
  }

  /** The strongest few words, each with what it is raised or lowered by. */
  private List<Answer.Word> words(List<WordInfluence> influenced) {
    Shades shades =
        new Shades(
            influenced.stream().mapToDouble(w -> Math.abs(w.influence())).max().orElse(0), false);
    return influenced.stream()
        .limit(NAMED_WORDS)
        .flatMap(w ->
            completion.stream()
                .filter(t -> t.index() == w.token())
                .map(t ->
                    new Answer.Word(
                        t.index(),
                        t.token(),
                        Optional.of(TokenPage.address(view.results(), view.query(), w.token())),
                        shades.of(w.influence()),
                        Show.influence(w.influence()) + " nats",
                        false)))
        .toList();
  }
}
