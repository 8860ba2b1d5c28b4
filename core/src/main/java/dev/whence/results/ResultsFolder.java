package dev.whence.results;

import dev.whence.InvalidInputException;
import dev.whence.run.RunFolder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

/** Finished results on disk. */
public record ResultsFolder(Path path, ResultsManifest manifest) {
  static final String QUERIES = "queries.parquet";
  static final String INFLUENCES = "influences.parquet";
  static final String TOKENS = "tokens.parquet";
  static final String LAYERS = "layers.parquet";
  public static final String SCORES = "scores.safetensors";

  /** A query as it was asked. */
  public record AskedQuery(String id, String prompt, String completion, double logProbability) {}

  /**
   * One of a query's top sequences.
   *
   * @param rank 1, 2, .. for those that raise the completion's log-probability, -1, -2, .. for
   *     those that lower it
   * @param influence nats per unit of weight on the sequence
   */
  public record Influence(
      String queryId,
      int rank,
      String documentId,
      int sequenceIndex,
      int tokenOffset,
      double influence,
      boolean spiky,
      String text) {}

  /** A token of a top sequence and the influence that passes through its position. */
  public record TokenInfluence(String token, double influence) {}

  /** A layer and the influence that passes through it. */
  public record LayerInfluence(String layer, double influence) {}

  /**
   * Reads a results folder's manifest.
   *
   * @throws InvalidInputException when the folder holds no finished results
   */
  public static ResultsFolder open(Path path) {
    if (!Files.exists(path.resolve(RunFolder.MANIFEST))) {
      throw new InvalidInputException(
          path
              + " is not a results folder (it has no "
              + RunFolder.MANIFEST
              + "); make one with 'whence attribute'");
    }
    RunFolder.requireKind(path, ResultsManifest.KIND, ResultsManifest.FORMAT, "whence attribute");
    ResultsManifest manifest = RunFolder.readManifest(path, ResultsManifest.class);
    return new ResultsFolder(path, manifest);
  }

  /** The queries, in the order in which they were asked. */
  public List<AskedQuery> queries() {
    return select(
        QUERIES,
        "SELECT query_id, prompt, completion, log_probability FROM read_parquet(?)",
        row ->
            new AskedQuery(row.getString(1), row.getString(2), row.getString(3), row.getDouble(4)));
  }

  /** A query's {@code count} strongest sequences that raise it, strongest first. */
  public List<Influence> raising(String queryId, int count) {
    return influences(queryId, "rank BETWEEN 1 AND " + count + " ORDER BY rank");
  }

  /** A query's {@code count} strongest sequences that lower it, strongest first. */
  public List<Influence> lowering(String queryId, int count) {
    return influences(queryId, "rank BETWEEN -" + count + " AND -1 ORDER BY rank DESC");
  }

  private List<Influence> influences(String queryId, String condition) {
    return select(
        INFLUENCES,
        "SELECT query_id, rank, document_id, sequence_index, token_offset, influence, spiky, text"
            + " FROM read_parquet(?) WHERE query_id = ? AND "
            + condition,
        row ->
            new Influence(
                row.getString(1),
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
    return select(
        TOKENS,
        "SELECT token, influence FROM read_parquet(?) WHERE query_id = ? AND rank = "
            + rank
            + " ORDER BY position",
        row -> new TokenInfluence(row.getString(1), row.getDouble(2)),
        queryId);
  }

  /**
   * What passes through each layer, summed over the sequences that raise a query most; in forward
   * order.
   */
  public List<LayerInfluence> layerShares(String queryId) {
    return select(
            LAYERS,
            "SELECT layer, sum(influence) FROM read_parquet(?) WHERE query_id = ? AND rank > 0"
                + " GROUP BY layer",
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
    try (Connection connection = DriverManager.getConnection("jdbc:duckdb:");
        PreparedStatement statement = connection.prepareStatement(sql)) {
      statement.setString(1, path.resolve(table).toString());
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
