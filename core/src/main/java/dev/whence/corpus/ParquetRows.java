package dev.whence.corpus;

import dev.whence.InvalidInputException;
import java.io.IOException;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Properties;
import org.duckdb.DuckDBDriver;
import org.jspecify.annotations.Nullable;

/** The rows of one Parquet file, streamed through DuckDB in file order. */
record ParquetRows(CorpusFile file, String textColumn) {
  private static final String FROM = " FROM read_parquet(?, hive_partitioning = false)";

  /**
   * Reads every row into {@code sink}.
   *
   * @throws InvalidInputException if the file is damaged or has neither the text column nor {@code
   *     tokens}
   * @throws IOException if the sink fails
   */
  void read(DocumentSink sink) throws IOException {
    try (Connection duckdb = connect()) {
      Map<String, String> columns = columns(duckdb);
      boolean hasText = columns.containsKey(textColumn);
      if (!hasText && !columns.containsKey("tokens")) {
        throw new InvalidInputException(
            ("The corpus file %s has neither the column \"%s\" nor \"tokens\", only %s;"
                    + " name the text's with --text-column")
                .formatted(file.path(), textColumn, columns.keySet()));
      }
      String column = hasText ? textColumn : "tokens";
      checkType(column, String.valueOf(columns.get(column)), hasText);
      String value = hasText ? quoted(column) : "CAST(" + quoted(column) + " AS BIGINT[])";
      String id = columns.containsKey("id") ? "CAST(\"id\" AS VARCHAR)" : "NULL";
      try (var select = duckdb.prepareStatement("SELECT " + id + ", " + value + FROM)) {
        select.setString(1, escapedPath());
        try (ResultSet rows = select.executeQuery()) {
          for (long row = 1; rows.next(); row++) {
            read(rows, row, hasText, sink);
          }
        }
      }
    } catch (SQLException e) {
      throw new InvalidInputException(
          "The corpus file %s cannot be read as Parquet (%s); fetch or write it again"
              .formatted(file.path(), firstLine(e)),
          e);
    }
  }

  private void read(ResultSet rows, long row, boolean hasText, DocumentSink sink)
      throws SQLException, IOException {
    var origin = new Origin(file.path(), row);
    String given = rows.getString(1);
    String id = given == null ? file.name() + ":" + row : given;
    Document document;
    try {
      document =
          hasText
              ? new Document.Text(id, text(rows.getString(2)))
              : new Document.Tokens(id, tokens(rows.getArray(2)));
    } catch (MalformedDocumentException e) {
      sink.malformed(origin, e.reason());
      return;
    }
    sink.document(document, origin);
  }

  private String text(@Nullable String value) throws MalformedDocumentException {
    if (value == null) {
      throw new MalformedDocumentException("\"" + textColumn + "\" is null");
    }
    return value;
  }

  private static int[] tokens(java.sql.@Nullable Array value)
      throws SQLException, MalformedDocumentException {
    if (value == null) {
      throw new MalformedDocumentException("\"tokens\" is null");
    }
    var boxes = (Object[]) value.getArray();
    int[] tokens = new int[boxes.length];
    for (int i = 0; i < tokens.length; i++) {
      if (!(boxes[i] instanceof Long id) || id < Integer.MIN_VALUE || id > Integer.MAX_VALUE) {
        throw new MalformedDocumentException("\"tokens\" has " + boxes[i] + ", not a token id");
      }
      tokens[i] = Math.toIntExact(id);
    }
    return tokens;
  }

  private static Connection connect() throws SQLException {
    var properties = new Properties();
    properties.setProperty(DuckDBDriver.JDBC_STREAM_RESULTS, "true");
    Connection duckdb = DriverManager.getConnection("jdbc:duckdb:", properties);
    try (Statement settings = duckdb.createStatement()) {
      settings.execute("SET autoinstall_known_extensions = false"); // never reach for the network
      settings.execute("SET threads = 1"); // reading is not what takes long; rows stay in order
      return duckdb;
    } catch (SQLException e) {
      duckdb.close();
      throw e;
    }
  }

  /** The file's columns and their DuckDB types, in order. */
  private Map<String, String> columns(Connection duckdb) throws SQLException {
    try (PreparedStatement select = duckdb.prepareStatement("SELECT *" + FROM + " LIMIT 0")) {
      select.setString(1, escapedPath());
      try (ResultSet none = select.executeQuery()) {
        ResultSetMetaData meta = none.getMetaData();
        Map<String, String> columns = new LinkedHashMap<>();
        for (int i = 1; i <= meta.getColumnCount(); i++) {
          columns.put(meta.getColumnName(i), meta.getColumnTypeName(i));
        }
        return columns;
      }
    }
  }

  private void checkType(String column, String type, boolean text) {
    boolean right =
        text ? type.equals("VARCHAR") : type.matches("U?(TINY|SMALL|BIG)?INT(EGER)?\\[.*]");
    if (!right) {
      throw new InvalidInputException(
          "The column \"%s\" of %s is %s, not %s; name the text's with --text-column"
              .formatted(column, file.path(), type, text ? "text" : "lists of integers"));
    }
  }

  /** DuckDB takes the path as a pattern: each wildcard becomes a class of that one character. */
  private String escapedPath() {
    return file.path().toAbsolutePath().toString().replaceAll("[\\[*?]", "[$0]");
  }

  private static String quoted(String column) {
    return '"' + column.replace("\"", "\"\"") + '"';
  }

  private static String firstLine(SQLException e) {
    return String.valueOf(e.getMessage()).lines().findFirst().orElse("");
  }
}
