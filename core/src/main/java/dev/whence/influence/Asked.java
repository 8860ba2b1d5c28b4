package dev.whence.influence;

import dev.whence.corpus.Query;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What influence is computed on: a query, or one token of its completion.
 *
 * @param query that is preconditioned and scanned for
 * @param owner the place of the query that was asked
 * @param completionToken which of the completion's tokens, from 0; empty for the whole
 */
public record Asked(Query query, int owner, Optional<Integer> completionToken) {
  /** All as queries, in order. */
  public static List<Query> queries(List<Asked> asked) {
    return asked.stream().map(Asked::query).toList();
  }

  /** The queries as they were asked, and after them the tokens of each if they are wanted. */
  public static List<Asked> of(List<Query> queries, boolean byToken) {
    List<Asked> all = new ArrayList<>();
    for (int q = 0; q < queries.size(); q++) {
      all.add(new Asked(queries.get(q), q, Optional.empty()));
    }
    for (int q = 0; byToken && q < queries.size(); q++) {
      int owner = q;
      Query whole = queries.get(q);
      whole
          .scoredTokens()
          .forEach(token -> all.add(new Asked(whole.ofToken(token), owner, Optional.of(token))));
    }
    return all;
  }
}
