package dev.whence.web;

import dev.whence.store.Library;
import dev.whence.store.Ranking;
import dev.whence.store.ResultsStore;
import dev.whence.store.TopSequence;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * The strongest sequences of one sign, as a reader's choices rank them.
 *
 * @param sum over all sequences of that sign that were ranked
 * @param total the influence of which shares are told
 * @param complete whether all scored sequences were ranked, not only those in the tables
 */
record RankedSide(
    boolean raising,
    List<TopSequence> sequences,
    ResultsStore.Sum sum,
    double total,
    boolean complete) {
  private static final int LOWERING_PART = 2;

  /**
   * Ranks sequences.
   *
   * @param influence of all scored sequences, where it was kept
   */
  static RankedSide of(
      Library library,
      ResultsStore store,
      QueryPage.View view,
      boolean raising,
      Optional<double[]> influence) {
    int count = raising ? view.count() : Math.max(1, view.count() / LOWERING_PART);
    Ranking ranking = new Ranking(raising, view.layers(), view.hideSpiky(), 0, count);
    Optional<ResultsStore.Ranked> ofAll =
        view.isWhole()
            ? Optional.empty()
            : library.corpus(store).flatMap(text -> store.topOfAll(view.query(), ranking, text));
    List<TopSequence> sequences =
        ofAll.map(ResultsStore.Ranked::sequences).orElseGet(() -> store.top(view.query(), ranking));
    ResultsStore.Sum sum =
        ofAll.map(ResultsStore.Ranked::all).orElseGet(() -> store.sum(view.query(), ranking));
    double total =
        view.isWhole()
            ? influence
                .map(all -> Arrays.stream(all).filter(x -> x > 0 == raising).sum())
                .orElse(sum.influence())
            : sum.influence();
    return new RankedSide(raising, sequences, sum, total, ofAll.isPresent());
  }
}
