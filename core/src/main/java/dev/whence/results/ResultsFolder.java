package dev.whence.results;

import dev.whence.InvalidInputException;
import dev.whence.corpus.Query;
import dev.whence.folder.DuckDb;
import dev.whence.folder.FolderKind;
import dev.whence.folder.Hashes;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** Finished results on disk. */
public record ResultsFolder(Path path, ResultsManifest manifest) {
  static final String QUERIES = "queries.parquet";
  static final String INFLUENCES = "influences.parquet";
  static final String TOKENS = "tokens.parquet";
  static final String LAYERS = "layers.parquet";
  static final String COMPLETIONS = "completions.parquet";
  public static final String SCORES = "scores.safetensors";
  private static final int NAMED = 12;
  private static final int COMPLETION_COLUMNS_BEFORE = 5;
  private static final List<String> TABLES = List.of(QUERIES, INFLUENCES, TOKENS, LAYERS);

  /** A query, and the log-probability of its completion. */
  public record StoredQuery(String id, String prompt, String completion, double logProbability) {}

  /**
   * One of a query's top sequences.
   *
   * @param rank 1, 2, .. for those that raise the completion's log-probability, -1, -2, .. for
   *     those that lower it
   * @param completionToken that is influenced, from 0; empty for the whole completion
   * @param influence nats per unit of weight on the sequence
   */
  public record Influence(
      String queryId,
      Optional<Integer> completionToken,
      int rank,
      String documentId,
      int sequenceIndex,
      int tokenOffset,
      double influence,
      boolean spiky,
      String text) {}

  /** A token of a top sequence and the influence that passes through its position. */
  public record TokenInfluence(String token, double influence) {
    private static final Pattern SPECIAL = Pattern.compile("<\\|\\w+\\|>|</?s>|<\\w+_of_turn>");

    /** Whether it marks the end of a document or a turn, which says nothing to a reader. */
    public boolean isSpecial() {
      return SPECIAL.matcher(token).matches();
    }

    /** Replaces the influences of tokens by {@code values}, one per token. */
    public static List<TokenInfluence> with(List<TokenInfluence> tokens, double[] values) {
      return IntStream.range(0, values.length)
          .mapToObj(t -> new TokenInfluence(tokens.get(t).token(), values[t]))
          .toList();
    }
  }

  /**
   * A token of a query's completion.
   *
   * @param index from 0
   * @param logProbability given all that comes before, in nats
   * @param likelier what the model would rather say; empty where it is this token, or not known
   */
  public record CompletionToken(
      int index, String token, double logProbability, Optional<Likelier> likelier) {}

  /**
   * A token that a model would rather say.
   *
   * @param logProbability given the same, in nats
   */
  public record Likelier(String token, double logProbability) {}

  /** A layer and the influence that passes through it. */
  public record LayerInfluence(String layer, double influence) {}

  /**
   * Reads a results folder's manifest, and checks that its tables are as they were written.
   *
   * @throws InvalidInputException when the folder holds no finished results, or a table was changed
   */
  public static ResultsFolder open(Path path) {
    ResultsManifest manifest =
        FolderKind.RESULTS.read(path, ResultsManifest.FORMAT, ResultsManifest.class);
    ResultsFolder results = new ResultsFolder(path, manifest);
    TABLES.forEach(results::verify);
    if (results.hasCompletions()) {
      results.verify(COMPLETIONS);
    }
    return results;
  }

  /**
   * Checks that all files are as they were written; scores may take a while to read.
   *
   * @throws InvalidInputException naming a file that is missing or was changed
   */
  public void verify() {
    manifest.files().keySet().forEach(this::verify);
  }

  private void verify(String name) {
    Path file = path.resolve(name);
    String expected = manifest.files().getOrDefault(name, "");
    if (!Files.exists(file) || !Hashes.ofFiles(List.of(file)).equals(expected)) {
      throw new InvalidInputException(
          file + " is missing or was changed since it was written; attribute again with --force");
    }
  }

  /** The SHA-256 of the files in a folder of results that is complete but for its manifest. */
  public static Map<String, String> hashes(Path folder) {
    Map<String, String> hashes = new LinkedHashMap<>();
    for (String name :
        Stream.concat(TABLES.stream(), Stream.of(COMPLETIONS, SCORES))
            .filter(n -> Files.exists(folder.resolve(n)))
            .toList()) {
      hashes.put(name, Hashes.ofFiles(List.of(folder.resolve(name))));
    }
    return hashes;
  }

  /** Whether the predictions of the completions' tokens are known; they are not in old results. */
  private boolean hasCompletions() {
    return manifest.files().containsKey(COMPLETIONS);
  }

  /** Whether each token of the completions has influences of its own. */
  public boolean isByToken() {
    return Boolean.parseBoolean(manifest.setting("by-token"));
  }

  /** The queries, in the order in which they were asked. */
  public List<StoredQuery> queries() {
    return select(
        QUERIES,
        "SELECT query_id, prompt, completion, log_probability FROM read_parquet(?, hive_partitioning = false)",
        row ->
            new StoredQuery(
                row.getString(1), row.getString(2), row.getString(3), row.getDouble(4)));
  }

  /**
   * The query of an id.
   *
   * @throws InvalidInputException naming those that there are
   */
  public StoredQuery requireQuery(String id) {
    List<StoredQuery> all = queries();
    return all.stream()
        .filter(query -> query.id().equals(id))
        .findFirst()
        .orElseThrow(() ->
            new InvalidInputException(
                "%s has no query '%s'; it has %s%s"
                    .formatted(
                        path,
                        id,
                        all.isEmpty()
                            ? "none"
                            : all.stream()
                                .limit(NAMED)
                                .map(StoredQuery::id)
                                .collect(Collectors.joining(", ")),
                        all.size() > NAMED ? " and %d more".formatted(all.size() - NAMED) : "")));
  }

  /**
   * A query with its tokens, as the attribution had it.
   *
   * @throws InvalidInputException when there is no such query
   */
  public Query query(String id) {
    List<Query> matches =
        select(
            QUERIES,
            "SELECT query_id, prompt, completion, prompt_token_ids, completion_token_ids"
                + " FROM read_parquet(?, hive_partitioning = false) WHERE query_id = ?",
            row ->
                new Query(
                    row.getString(1),
                    ints(row, 4),
                    ints(row, 5),
                    row.getString(2),
                    row.getString(3)),
            id);
    if (matches.isEmpty()) {
      throw new InvalidInputException(path + " has no query '" + id + "'");
    }
    return matches.getFirst();
  }

  private static int[] ints(ResultSet row, int column) throws SQLException {
    return Arrays.stream((Object[]) row.getArray(column).getArray())
        .mapToInt(token -> (Integer) token)
        .toArray();
  }

  /**
   * The token ids of a top sequence, in order.
   *
   * @throws InvalidInputException when the query has no sequence of this rank
   */
  public int[] tokenIds(String queryId, int rank) {
    int[] ids =
        select(
                TOKENS,
                "SELECT token_id FROM read_parquet(?, hive_partitioning = false) WHERE query_id = ? AND "
                    + about(Optional.empty())
                    + "rank = "
                    + rank
                    + " ORDER BY position",
                row -> row.getInt(1),
                queryId)
            .stream()
            .mapToInt(Integer::intValue)
            .toArray();
    if (ids.length == 0) {
      throw new InvalidInputException(
          "%s has no sequence of rank %d for query '%s'".formatted(path, rank, queryId));
    }
    return ids;
  }

  /** The scored tokens of a query's completion, in order; none in old results. */
  public List<CompletionToken> completionTokens(String queryId) {
    return hasCompletions()
        ? select(
            COMPLETIONS,
            "SELECT * FROM read_parquet(?, hive_partitioning = false)"
                + " WHERE query_id = ? ORDER BY completion_token",
            row ->
                new CompletionToken(
                    row.getInt("completion_token"),
                    row.getString("token"),
                    row.getDouble("log_probability"),
                    likelier(row)),
            queryId)
        : List.of();
  }

  /** Tables from before these columns were there say nothing. */
  private static Optional<Likelier> likelier(ResultSet row) throws SQLException {
    boolean known = row.getMetaData().getColumnCount() > COMPLETION_COLUMNS_BEFORE;
    return known && row.getInt("likeliest_token_id") != row.getInt("token_id")
        ? Optional.of(
            new Likelier(
                row.getString("likeliest_token"), row.getDouble("likeliest_log_probability")))
        : Optional.empty();
  }

  /** A query's {@code count} strongest sequences that raise it, strongest first. */
  public List<Influence> raising(String queryId, int count) {
    return raising(queryId, Optional.empty(), count);
  }

  /** The strongest sequences that raise a completion or one of its tokens, strongest first. */
  public List<Influence> raising(String queryId, Optional<Integer> completionToken, int count) {
    return influences(queryId, completionToken, "rank BETWEEN 1 AND " + count + " ORDER BY rank");
  }

  /** A query's {@code count} strongest sequences that lower it, strongest first. */
  public List<Influence> lowering(String queryId, int count) {
    return lowering(queryId, Optional.empty(), count);
  }

  /** The strongest sequences that lower a completion or one of its tokens, strongest first. */
  public List<Influence> lowering(String queryId, Optional<Integer> completionToken, int count) {
    return influences(
        queryId, completionToken, "rank BETWEEN -" + count + " AND -1 ORDER BY rank DESC");
  }

  /** Selects the rows about a whole completion, or about one of its tokens. */
  private String about(Optional<Integer> completionToken) {
    return isByToken()
        ? "completion_token " + completionToken.map(t -> "= " + t).orElse("IS NULL") + " AND "
        : ""; // results from before have no such column
  }

  private List<Influence> influences(
      String queryId, Optional<Integer> completionToken, String condition) {
    return select(
        INFLUENCES,
        "SELECT query_id, rank, document_id, sequence_index, token_offset, influence, spiky, text"
            + " FROM read_parquet(?, hive_partitioning = false) WHERE query_id = ? AND "
            + about(completionToken)
            + condition,
        row ->
            new Influence(
                row.getString(1),
                completionToken,
                row.getInt(2),
                row.getString(3),
                row.getInt(4),
                row.getInt(5),
                row.getDouble(6),
                row.getBoolean(7),
                row.getString(8)),
        queryId);
  }

  /** The tokens of a top sequence, in order. */
  public List<TokenInfluence> tokens(String queryId, int rank) {
    return tokens(queryId, Optional.empty(), rank);
  }

  /**
   * The tokens of a sequence that is at the top for a completion or one of its tokens, in order.
   */
  public List<TokenInfluence> tokens(String queryId, Optional<Integer> completionToken, int rank) {
    return select(
        TOKENS,
        "SELECT token, influence FROM read_parquet(?, hive_partitioning = false) WHERE query_id = ? AND "
            + about(completionToken)
            + "rank = "
            + rank
            + " ORDER BY position",
        row -> new TokenInfluence(row.getString(1), row.getDouble(2)),
        queryId);
  }

  /**
   * The influence that passes through each layer, summed over the sequences that raise a query
   * most; in forward order.
   */
  public List<LayerInfluence> layerShares(String queryId) {
    return select(
            LAYERS,
            "SELECT layer, sum(influence) FROM read_parquet(?, hive_partitioning = false) WHERE query_id = ? AND "
                + about(Optional.empty())
                + "rank > 0 GROUP BY layer",
            row -> new LayerInfluence(row.getString(1), row.getDouble(2)),
            queryId)
        .stream()
        .sorted(java.util.Comparator.comparingInt(l -> manifest.layers().indexOf(l.layer())))
        .toList();
  }

  @FunctionalInterface
  private interface RowReader<T> {
    T read(ResultSet row) throws SQLException;
  }

  private <T> List<T> select(String table, String sql, RowReader<T> reader, String... arguments) {
    try (Connection connection = DuckDb.open(DuckDb.READING);
        PreparedStatement statement = connection.prepareStatement(sql)) {
      statement.setString(1, DuckDb.escaped(path.resolve(table)));
      for (int a = 0; a < arguments.length; a++) {
        statement.setString(a + 2, arguments[a]);
      }
      List<T> rows = new ArrayList<>();
      try (ResultSet result = statement.executeQuery()) {
        while (result.next()) {
          rows.add(reader.read(result));
        }
      }
      return rows;
    } catch (SQLException e) {
      throw new InvalidInputException(
          path.resolve(table)
              + " cannot be read: "
              + String.valueOf(e.getMessage()).lines().findFirst().orElse("")
              + "; attribute again with --force",
          e);
    }
  }
}
