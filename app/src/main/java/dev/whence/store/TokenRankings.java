package dev.whence.store;

import dev.whence.results.ResultsFolder;
import dev.whence.results.ResultsFolder.TokenInfluence;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** What results say of single tokens of the completions, where they were made with --by-token. */
public final class TokenRankings {
  private final ResultsFolder folder;
  private final Tables tables;

  TokenRankings(ResultsFolder folder, Tables tables) {
    this.folder = folder;
    this.tables = tables;
  }

  /** The strongest sequences of a sign for one token of a query's completion, strongest first. */
  public List<TopSequence> top(String queryId, int token, boolean raising, int count) {
    return tables.select(
        "SELECT i.*, i.influence AS counted FROM influences_by_token i WHERE query_id = ? AND"
            + " completion_token = ? AND rank "
            + (raising ? ">" : "<")
            + " 0 ORDER BY abs(rank) LIMIT ?",
        ResultsStore::sequence,
        queryId,
        token,
        count);
  }

  /** The tokens of a sequence that is at a rank for one token of a query's completion. */
  public List<TokenInfluence> tokens(String queryId, int token, int rank) {
    return tables.select(
        "SELECT token, influence FROM tokens_by_token WHERE query_id = ? AND completion_token = ?"
            + " AND rank = ? ORDER BY position",
        row -> new TokenInfluence(row.getString(1), row.getDouble(2)),
        queryId,
        token,
        rank);
  }

  /** A token of a completion, and how much a sequence influences it. */
  public record WordInfluence(int token, double influence) {}

  /**
   * The tokens of a query's completion that sequences are among the strongest for, by the
   * sequence's place; the strongest first. None where influences by token were not computed.
   */
  public Map<Long, List<WordInfluence>> words(String queryId, List<Long> places) {
    Map<Long, List<WordInfluence>> words = new HashMap<>();
    if (places.isEmpty() || !folder.isByToken()) {
      return words;
    }
    List<Object> arguments = new ArrayList<>();
    arguments.add(queryId);
    arguments.addAll(places);
    tables.select(
        "SELECT sequence, completion_token, influence FROM influences_by_token WHERE query_id = ?"
            + " AND sequence IN ("
            + ResultsStore.marks(places.size())
            + ") ORDER BY abs(influence) DESC",
        row ->
            words
                .computeIfAbsent(row.getLong(1), _ -> new ArrayList<>())
                .add(new WordInfluence(row.getInt(2), row.getDouble(3))),
        arguments.toArray());
    return words;
  }
}
