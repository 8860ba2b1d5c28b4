package dev.whence.results;

import dev.whence.folder.DuckDb;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import org.duckdb.DuckDBAppender;
import org.duckdb.DuckDBConnection;

/** A table that is gathered row by row and written as one Parquet file, by DuckDB. */
final class ParquetTable {
  private final Connection connection;
  private final String name;
  private final Path file;
  private final DuckDBAppender appender;

  /** What fills a row, column by column. */
  @FunctionalInterface
  interface Row {
    void append(DuckDBAppender row) throws SQLException;
  }

  private ParquetTable(Connection connection, String name, Path file, DuckDBAppender appender) {
    this.connection = connection;
    this.name = name;
    this.file = file;
    this.appender = appender;
  }

  /**
   * The database in which tables are gathered; many rows spill to {@code folder}, not into memory.
   */
  static Connection database(Path folder) {
    try {
      Connection connection = DuckDb.open(DuckDb.WRITING);
      try (Statement statement = connection.createStatement()) {
        statement.execute(
            "SET temp_directory = " + DuckDb.literal(folder.resolve("spill").toString()));
      } catch (SQLException e) {
        connection.close();
        throw e;
      }
      return connection;
    } catch (SQLException e) {
      throw failed(folder, e);
    }
  }

  /** Opens a table with columns as in SQL: {@code "query_id VARCHAR, rank INTEGER"}. */
  static ParquetTable open(Connection connection, String name, Path file, String columns) {
    try (Statement statement = connection.createStatement()) {
      statement.execute("CREATE TABLE " + name + " (" + columns + ")");
      return new ParquetTable(
          connection,
          name,
          file,
          connection
              .unwrap(DuckDBConnection.class)
              .createAppender(DuckDBConnection.DEFAULT_SCHEMA, name));
    } catch (SQLException e) {
      throw failed(file, e);
    }
  }

  void add(Row row) {
    try {
      appender.beginRow();
      row.append(appender);
      appender.endRow();
    } catch (SQLException e) {
      throw failed(file, e);
    }
  }

  /** Writes the file. */
  void write() {
    try (Statement statement = connection.createStatement()) {
      appender.close();
      statement.execute(
          "COPY "
              + name
              + " TO "
              + DuckDb.literal(file.toString())
              + " (FORMAT parquet, COMPRESSION zstd)");
    } catch (SQLException e) {
      throw failed(file, e);
    }
  }

  private static UncheckedIOException failed(Path file, SQLException e) {
    String reason = String.valueOf(e.getMessage()).lines().findFirst().orElse("");
    return new UncheckedIOException(new IOException("cannot write " + file + ": " + reason, e));
  }
}
