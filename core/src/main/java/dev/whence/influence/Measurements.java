package dev.whence.influence;

import dev.whence.corpus.Batches;
import dev.whence.corpus.Query;
import dev.whence.tensor.Device;
import dev.whence.trace.Examples;
import dev.whence.trace.TokenBatch;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;

/**
 * What influence is asked about: the log-likelihoods of some examples, of which a few at a time
 * pass through the model.
 *
 * @param names one a measurement, for messages
 * @param groups the places of those that go together; every place is in one group
 * @param examples makes a group's examples, in the order of its places
 */
public record Measurements(
    List<String> names, List<long[]> groups, Function<long[], Examples> examples) {
  /** Queries of one length share a pass through the model, a few at a time. */
  public static final int BATCH_TOKENS = 1024;

  /** How many. */
  public int count() {
    return names.size();
  }

  /** Log-probabilities of completions. */
  public static Measurements of(List<Query> queries, Device device) {
    return new Measurements(
        queries.stream().map(Query::id).toList(),
        Batches.of(q -> queries.get((int) q).tokens().length, 0, queries.size(), BATCH_TOKENS),
        places -> TokenBatch.of(rows(queries, places), device));
  }

  private static List<TokenBatch.Row> rows(List<Query> queries, long[] places) {
    return Arrays.stream(places)
        .mapToObj(place -> queries.get((int) place))
        .map(query -> new TokenBatch.Row(query.tokens(), query.firstScored(), 0))
        .toList();
  }
}
