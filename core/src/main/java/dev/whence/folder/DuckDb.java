package dev.whence.folder;

import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Properties;
import org.duckdb.DuckDBDriver;

/**
 * DuckDB in memory, by which Parquet files are read and written: one thread, a limit to its memory
 * beyond which it spills into the system's folder for temporary files, and never the network.
 */
public final class DuckDb {
  /** Memory to read with: for a row group of any size that is found, and for sorting. */
  public static final String READING = "1GB";

  /** Memory to write with, small enough to count as the program's own. */
  public static final String WRITING = "128MB";

  private DuckDb() {}

  /**
   * Opens a database; the caller closes it.
   *
   * @param memory in DuckDB's spelling
   */
  public static Connection open(String memory) throws SQLException {
    return open(memory, new Properties());
  }

  /** Opens a database whose results are not gathered before they are read; the caller closes it. */
  public static Connection toStream(String memory) throws SQLException {
    Properties properties = new Properties();
    properties.setProperty(DuckDBDriver.JDBC_STREAM_RESULTS, "true");
    return open(memory, properties);
  }

  private static Connection open(String memory, Properties properties) throws SQLException {
    Connection connection = DriverManager.getConnection("jdbc:duckdb:", properties);
    try (Statement settings = connection.createStatement()) {
      settings.execute("SET autoinstall_known_extensions = false");
      settings.execute("SET memory_limit = '" + memory + "'");
      settings.execute(
          "SET temp_directory = "
              + literal(Path.of(System.getProperty("java.io.tmpdir"), "whence-spill").toString()));
      settings.execute("SET threads = 1"); // rows stay in order, and cores are for the model
      return connection;
    } catch (SQLException e) {
      connection.close();
      throw e;
    }
  }

  /** A path that DuckDB takes for itself: each wildcard becomes a class of that one character. */
  public static String escaped(Path file) {
    return file.toAbsolutePath().toString().replaceAll("[\\[*?]", "[$0]");
  }

  /** A string literal of SQL. */
  public static String literal(String text) {
    return "'" + text.replace("'", "''") + "'";
  }
}
