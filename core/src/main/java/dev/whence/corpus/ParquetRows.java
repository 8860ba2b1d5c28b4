package dev.whence.corpus;

import dev.whence.InvalidInputException;
import dev.whence.folder.DuckDb;
import dev.whence.folder.GitLfs;
import java.io.IOException;
import java.sql.Blob;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The rows of one Parquet file, streamed through DuckDB in file order. */
record ParquetRows(CorpusFile file, String textColumn, String tokenColumn) {
  private static final String FROM = " FROM read_parquet(?, hive_partitioning = false)";

  /**
   * A column.
   *
   * @param name exactly as the file has it
   * @param alias what DuckDB calls it, which takes names that differ by case alone for one
   * @param type DuckDB's
   */
  private record Column(String name, String alias, String type) {
    boolean isText() {
      return type.equals("VARCHAR") || type.equals("BLOB");
    }

    boolean isId() {
      return isText()
          || type.matches("U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|FLOAT|DOUBLE|DECIMAL.*|UUID");
    }

    boolean isIntegers() {
      return type.matches("U?(TINY|SMALL|BIG)?INT(EGER)?\\[\\d*]");
    }
  }

  /**
   * Reads every row into {@code sink}.
   *
   * @throws InvalidInputException if the file is damaged or has neither the text column nor that of
   *     the tokens
   * @throws IOException if the sink fails
   */
  void read(DocumentSink sink) throws IOException {
    GitLfs.requireContent(file.path());
    try (Connection duckdb = DuckDb.toStream(DuckDb.READING)) {
      List<Column> columns = columns(duckdb);
      Optional<Column> text = column(columns, textColumn);
      Column source =
          text.or(() -> column(columns, tokenColumn)).orElseThrow(() -> neither(columns));
      boolean isText = text.isPresent();
      checkType(source, isText);
      if (isText && column(columns, tokenColumn).filter(Column::isIntegers).isPresent()) {
        throw new InvalidInputException(
            "%s has both the columns \"%s\" and \"%s\"; keep one, or call the other as no column is called with --text-column or --token-column"
                .formatted(file.path(), textColumn, tokenColumn));
      }
      String value =
          isText ? quoted(source.alias) : "CAST(" + quoted(source.alias) + " AS BIGINT[])";
      Optional<Column> id = column(columns, "id");
      id.ifPresent(this::requireId);
      try (var select =
          duckdb.prepareStatement(
              "SELECT " + id.map(ParquetRows::asText).orElse("NULL") + ", " + value + FROM)) {
        select.setString(1, escapedPath());
        try (ResultSet rows = select.executeQuery()) {
          for (long row = 1; rows.next(); row++) {
            read(rows, row, id, source, isText, sink);
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

  private void requireId(Column column) {
    if (!column.isId()) {
      throw new InvalidInputException(
          "The column \"id\" of %s is %s, neither text nor numbers; leave it out, or make it one"
              .formatted(file.path(), column.type));
    }
  }

  /** Bytes are decoded row by row: one that is no text must not make the file unreadable. */
  private static String asText(Column id) {
    return id.type.equals("BLOB") ? quoted(id.alias) : "CAST(" + quoted(id.alias) + " AS VARCHAR)";
  }

  private InvalidInputException neither(List<Column> columns) {
    return new InvalidInputException(
        ("The corpus file %s has neither the column \"%s\" nor \"%s\", only %s;"
                + " name the text's with --text-column or the tokens' with --token-column")
            .formatted(
                file.path(), textColumn, tokenColumn, columns.stream().map(Column::name).toList()));
  }

  private static Optional<Column> column(List<Column> columns, String name) {
    return columns.stream().filter(column -> column.name.equals(name)).findFirst();
  }

  private void read(
      ResultSet rows,
      long row,
      Optional<Column> idColumn,
      Column source,
      boolean isText,
      DocumentSink sink)
      throws SQLException, IOException {
    var origin = new Origin(file.path(), row);
    Document document;
    try {
      String id = id(rows, row, idColumn);
      if (!isText) {
        document = new Document.Tokens(id, tokens(rows.getArray(2)));
      } else if (source.type.equals("BLOB")) {
        document = new Document.Text(id, decoded(rows.getBlob(2), textColumn));
      } else {
        document = new Document.Text(id, text(rows.getString(2)));
      }
    } catch (MalformedDocumentException e) {
      sink.malformed(origin, e.reason());
      return;
    }
    sink.document(document, origin);
  }

  private String id(ResultSet rows, long row, Optional<Column> column)
      throws SQLException, MalformedDocumentException {
    if (column.isPresent() && column.get().type.equals("BLOB")) {
      Blob value = rows.getBlob(1);
      return value == null ? file.name() + ":" + row : decoded(value, "id");
    }
    String value = rows.getString(1);
    return value == null ? file.name() + ":" + row : value;
  }

  /** Text that its writer did not mark as such. */
  private static String decoded(@Nullable Blob value, String column)
      throws SQLException, MalformedDocumentException {
    if (value == null) {
      throw new MalformedDocumentException("\"" + column + "\" is null");
    }
    byte[] bytes = value.getBytes(1, Math.toIntExact(value.length()));
    return Unicode.decode(bytes, bytes.length);
  }

  private String text(@Nullable String value) throws MalformedDocumentException {
    if (value == null) {
      throw new MalformedDocumentException("\"" + textColumn + "\" is null");
    }
    return value;
  }

  private int[] tokens(java.sql.@Nullable Array value)
      throws SQLException, MalformedDocumentException {
    if (value == null) {
      throw new MalformedDocumentException("\"" + tokenColumn + "\" is null");
    }
    var boxes = (Object[]) value.getArray();
    int[] tokens = new int[boxes.length];
    for (int i = 0; i < tokens.length; i++) {
      if (!(boxes[i] instanceof Long id) || id < Integer.MIN_VALUE || id > Integer.MAX_VALUE) {
        throw new MalformedDocumentException(
            "\"%s\" has %s, not a token id".formatted(tokenColumn, boxes[i]));
      }
      tokens[i] = Math.toIntExact(id);
    }
    return tokens;
  }

  /** The file's columns, in order. */
  private List<Column> columns(Connection duckdb) throws SQLException {
    List<String> names = names(duckdb);
    try (PreparedStatement select = duckdb.prepareStatement("SELECT *" + FROM + " LIMIT 0")) {
      select.setString(1, escapedPath());
      try (ResultSet none = select.executeQuery()) {
        ResultSetMetaData meta = none.getMetaData();
        List<Column> columns = new ArrayList<>();
        for (int i = 1; i <= meta.getColumnCount(); i++) {
          columns.add(
              new Column(names.get(i - 1), meta.getColumnName(i), meta.getColumnTypeName(i)));
        }
        return columns;
      }
    }
  }

  /** The columns' names exactly as the file has them: the children of its schema's root. */
  private List<String> names(Connection duckdb) throws SQLException {
    String schema = "SELECT name, COALESCE(num_children, 0) FROM parquet_schema(?)";
    try (PreparedStatement select = duckdb.prepareStatement(schema)) {
      select.setString(1, escapedPath());
      try (ResultSet elements = select.executeQuery()) {
        List<String> names = new ArrayList<>();
        Deque<Long> open = new ArrayDeque<>(); // children that are still to come, of each parent
        while (elements.next()) {
          if (open.size() == 1) {
            names.add(elements.getString(1));
          }
          if (!open.isEmpty()) {
            open.push(open.pop() - 1);
          }
          if (elements.getLong(2) > 0) {
            open.push(elements.getLong(2));
          }
          while (!open.isEmpty() && open.peek() == 0) {
            open.pop();
          }
        }
        return names;
      }
    }
  }

  private void checkType(Column column, boolean text) {
    if (text ? !column.isText() : !column.isIntegers()) {
      throw new InvalidInputException(
          "The column \"%s\" of %s is %s, not %s; name another with --%s-column"
              .formatted(
                  column.name,
                  file.path(),
                  column.type,
                  text ? "text" : "lists of integers",
                  text ? "text" : "token"));
    }
  }

  private String escapedPath() {
    return DuckDb.escaped(file.path());
  }

  private static String quoted(String column) {
    return '"' + column.replace("\"", "\"\"") + '"';
  }

  private static String firstLine(SQLException e) {
    return String.valueOf(e.getMessage()).lines().findFirst().orElse("");
  }
}
