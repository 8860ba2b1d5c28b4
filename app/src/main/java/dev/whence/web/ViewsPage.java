package dev.whence.web;

import dev.whence.attribution.SequenceViewer;
import dev.whence.influence.SequenceViews;
import dev.whence.results.ResultsFolder.LayerInfluence;
import dev.whence.results.ResultsFolder.StoredQuery;
import dev.whence.results.ResultsFolder.TokenInfluence;
import dev.whence.store.ModelDesk;
import dev.whence.store.ResultsStore;
import dev.whence.store.TopSequence;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * One sequence's influence on one query, in every way that the paper has: by the token that is read
 * (Eq. 31), by the token that is predicted (Eq. 36), by the token whose embedding matters (Eq. 38),
 * by layer, and by layer and token (Fig. 4).
 *
 * @param computed the views that need the model; empty until they are asked for
 */
public record ViewsPage(
    String results,
    StoredQuery query,
    TopSequence sequence,
    String summary,
    ShadedText read,
    Chart byLayer,
    Optional<Computed> computed,
    Address compute,
    Optional<Address> previous,
    Optional<Address> next,
    Address poster,
    Address back) {
  private static final int NAME = 80;
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  /** The views that need the model. */
  public record Computed(Chart layersAndTokens, ShadedText predicted, ShadedText embedded) {}

  static Address address(String results, String query, int rank) {
    return Address.of("/views").with("results", results).with("query", query).with("rank", rank);
  }

  /**
   * The page of the sequence at a rank of a query, with the computed views if {@code desk} is
   * given; empty when there is no such sequence.
   *
   * @param trainingSequences by which the effect of one more copy is told; empty where it is not
   *     known
   */
  static Optional<ViewsPage> of(
      ResultsStore store,
      Optional<Long> trainingSequences,
      String queryId,
      int rank,
      Optional<ModelDesk> desk) {
    Optional<StoredQuery> query = store.query(queryId);
    Optional<TopSequence> sequence = store.sequence(queryId, rank);
    if (query.isEmpty() || sequence.isEmpty()) {
      return Optional.empty();
    }
    List<TokenInfluence> tokens =
        store.tokens(queryId, List.of(rank)).getOrDefault(rank, List.of());
    List<LayerInfluence> layers = store.layers(queryId, rank, rank);
    return Optional.of(
        new ViewsPage(
            store.name(),
            query.get(),
            sequence.get(),
            summary(sequence.get(), trainingSequences),
            ShadedText.of(tokens, query.get().completion(), "nats"),
            Charts.layers("by-layer", "Influence through each layer", layers),
            desk.map(d -> compute(store, query.get(), rank, tokens, d)),
            address(store.name(), queryId, rank).with("compute", 1),
            neighbour(store, queryId, rank, -1),
            neighbour(store, queryId, rank, 1),
            address(store.name(), queryId, rank).on("/poster.svg"),
            QueryPage.View.usual(store, queryId).address()));
  }

  private static String summary(TopSequence sequence, Optional<Long> trainingSequences) {
    String name = Show.shortened(sequence.documentId(), NAME);
    String effect =
        trainingSequences
            .map(n -> Show.oneMoreCopy(name, "", sequence.influence() / n))
            .orElse("How %s influences it.".formatted(name));
    return sequence.spiky() ? effect + " One or two tokens carry nearly all of it." : effect;
  }

  /** The page of the sequence that is weaker or stronger by one rank. */
  private static Optional<Address> neighbour(
      ResultsStore store, String queryId, int rank, int step) {
    int other = rank > 0 ? rank + step : rank - step;
    return other == 0 || store.sequence(queryId, other).isEmpty()
        ? Optional.empty()
        : Optional.of(address(store.name(), queryId, other));
  }

  private static Computed compute(
      ResultsStore store,
      StoredQuery query,
      int rank,
      List<TokenInfluence> tokens,
      ModelDesk desk) {
    SequenceViews views =
        desk.with(
            store,
            PATIENCE,
            loaded -> {
              try (SequenceViewer viewer =
                  SequenceViewer.of(store.folder(), loaded.run(), loaded.model(), query.id())) {
                return viewer.views(store.folder().tokenIds(query.id(), rank));
              }
            });
    return new Computed(
        HeatMap.of(
            "layers-and-tokens",
            store.folder().manifest().layers(),
            tokens.stream().map(TokenInfluence::token).toList(),
            views.byLayerAndToken()),
        ShadedText.of(
            TokenInfluence.with(tokens, views.byOutputToken()), query.completion(), "nats"),
        ShadedText.of(
                TokenInfluence.with(tokens, views.byInputToken()),
                query.completion(),
                "nats per unit of embedding")
            .unsigned());
  }
}
