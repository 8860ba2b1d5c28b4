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
 * What influence is computed on: log-likelihoods of examples, which pass through the model in
 * batches.
 *
 * @param names of the measurements, for messages
 * @param groups for each batch the places of its measurements; every place is in one batch
 * @param examples makes a group's examples, in the order of its places
 */
public record Measurements(
    List<String> names, List<long[]> groups, Function<long[], Examples> examples) {
  /** Queries are packed into batches of at most this many tokens. */
  public static final int BATCH_TOKENS = 1024;

  /** The number of measurements. */
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
