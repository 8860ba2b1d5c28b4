package dev.whence.store;

import dev.whence.InvalidInputException;
import dev.whence.folder.DuckDb;
import dev.whence.results.ResultsFolder;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import org.duckdb.DuckDBConnection;

/**
 * The Parquet files of a folder as views of an SQL database in memory. Any number of threads may
 * query it.
 */
final class Tables implements AutoCloseable {
  private final Path folder;
  private final DuckDBConnection database;

  private Tables(Path folder, DuckDBConnection database) {
    this.folder = folder;
    this.database = database;
  }

  /**
   * Opens {@code NAME.parquet} as NAME, with the rows that are about whole completions. Where there
   * are others, those are NAME_by_token.
   *
   * @throws InvalidInputException naming the folder, when a file cannot be read
   */
  static Tables open(ResultsFolder results, List<String> names) {
    Path folder = results.path();
    try {
      DuckDBConnection database = DuckDb.open(DuckDb.READING).unwrap(DuckDBConnection.class);
      try (Statement statement = database.createStatement()) {
        for (String name : names) {
          String view =
              "CREATE VIEW %s AS SELECT * FROM read_parquet(%s, hive_partitioning = false)";
          String file = DuckDb.literal(DuckDb.escaped(folder.resolve(name + ".parquet")));
          if (results.isByToken()) {
            statement.execute(
                view.formatted(name + "_by_token", file) + " WHERE completion_token IS NOT NULL");
            statement.execute(view.formatted(name, file) + " WHERE completion_token IS NULL");
          } else {
            statement.execute(view.formatted(name, file));
          }
        }
        return new Tables(folder, database);
      } catch (SQLException e) {
        database.close();
        throw e;
      }
    } catch (SQLException e) {
      throw unreadable(folder, e);
    }
  }

  /** Reads a value from the current row of a result. */
  @FunctionalInterface
  interface RowReader<T> {
    T read(ResultSet row) throws SQLException;
  }

  /** The rows that a query selects; its {@code ?} are the arguments. */
  <T> List<T> select(String sql, RowReader<T> reader, Object... arguments) {
    return with(
        sql,
        statement -> {
          List<T> rows = new ArrayList<>();
          try (ResultSet result = statement.executeQuery()) {
            while (result.next()) {
              rows.add(reader.read(result));
            }
          }
          return rows;
        },
        arguments);
  }

  /**
   * Writes the rows that a query selects into a file.
   *
   * @param format as DuckDB's COPY has it: {@code FORMAT csv, HEADER}
   */
  void copy(String sql, String format, Path file, Object... arguments) {
    with(
        "COPY (%s) TO %s (%s)".formatted(sql, DuckDb.literal(file.toString()), format),
        PreparedStatement::execute,
        arguments);
  }

  @FunctionalInterface
  private interface Use<T> {
    T apply(PreparedStatement statement) throws SQLException;
  }

  private <T> T with(String sql, Use<T> use, Object... arguments) {
    try (Connection connection = database.duplicate();
        PreparedStatement statement = connection.prepareStatement(sql)) {
      for (int a = 0; a < arguments.length; a++) {
        statement.setObject(a + 1, arguments[a]);
      }
      return use.apply(statement);
    } catch (SQLException e) {
      throw unreadable(folder, e);
    }
  }

  private static InvalidInputException unreadable(Path folder, SQLException e) {
    return new InvalidInputException(
        folder
            + " cannot be read: "
            + String.valueOf(e.getMessage()).lines().findFirst().orElse("")
            + "; attribute again with --force",
        e);
  }

  @Override
  public void close() {
    try {
      database.close();
    } catch (SQLException e) {
      throw new IllegalStateException("cannot close the tables of " + folder, e);
    }
  }
}
