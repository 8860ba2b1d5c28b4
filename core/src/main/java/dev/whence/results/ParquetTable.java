package dev.whence.results;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import org.duckdb.DuckDBAppender;
import org.duckdb.DuckDBConnection;

/** A table that is gathered row by row and written as one Parquet file, by DuckDB. */
final class ParquetTable implements AutoCloseable {
  private final Path file;
  private final DuckDBConnection connection;
  private final DuckDBAppender appender;

  /** What fills a row, column by column. */
  @FunctionalInterface
  interface Row {
    void append(DuckDBAppender row) throws SQLException;
  }

  private ParquetTable(Path file, DuckDBConnection connection, DuckDBAppender appender) {
    this.file = file;
    this.connection = connection;
    this.appender = appender;
  }

  /** Opens a table with columns as in SQL: {@code "query_id VARCHAR, rank INTEGER"}. */
  static ParquetTable open(Path file, String columns) {
    try {
      Connection connection = DriverManager.getConnection("jdbc:duckdb:");
      try {
        try (Statement statement = connection.createStatement()) {
          // Many rows spill beside the file, not into memory.
          statement.execute("SET temp_directory = " + quoted(file + ".spill"));
          statement.execute("CREATE TABLE rows (" + columns + ")");
        }
        DuckDBConnection duckdb = connection.unwrap(DuckDBConnection.class);
        return new ParquetTable(
            file, duckdb, duckdb.createAppender(DuckDBConnection.DEFAULT_SCHEMA, "rows"));
      } catch (SQLException e) {
        connection.close();
        throw e;
      }
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
          "COPY rows TO " + quoted(file.toString()) + " (FORMAT parquet, COMPRESSION zstd)");
    } catch (SQLException e) {
      throw failed(file, e);
    }
  }

  private static String quoted(String text) {
    return "'" + text.replace("'", "''") + "'";
  }

  private static UncheckedIOException failed(Path file, SQLException e) {
    String reason = String.valueOf(e.getMessage()).lines().findFirst().orElse("");
    return new UncheckedIOException(new IOException("cannot write " + file + ": " + reason, e));
  }

  @Override
  public void close() {
    try {
      connection.close();
      Files.deleteIfExists(Path.of(file + ".spill"));
    } catch (SQLException e) {
      throw failed(file, e);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot write " + file + ": " + e.getMessage(), e);
    }
  }
}
