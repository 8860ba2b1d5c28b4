package dev.whence.web;

import dev.whence.Json;
import dev.whence.store.Ranking;
import dev.whence.store.Ranking.LayerSpan;
import dev.whence.store.ResultsStore;
import dev.whence.store.TopSequence;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** A query's influences as a file. */
final class Download {
  private Download() {}

  /** What kind of file. */
  enum Format {
    CSV("csv", "text/csv; charset=utf-8"),
    JSON("json", "application/json"),
    PARQUET("parquet", "application/vnd.apache.parquet");

    private final String extension;
    private final String mediaType;

    Format(String extension, String mediaType) {
      this.extension = extension;
      this.mediaType = mediaType;
    }

    static Optional<Format> of(String name) {
      return Arrays.stream(values()).filter(f -> f.extension.equals(name)).findFirst();
    }

    String extension() {
      return extension;
    }

    String mediaType() {
      return mediaType;
    }
  }

  static byte[] of(ResultsStore store, String query, Format format) {
    return switch (format) {
      case CSV -> csv(rows(store, query)).getBytes(StandardCharsets.UTF_8);
      case JSON -> Json.MAPPER.writeValueAsBytes(rows(store, query));
      case PARQUET -> parquet(store, query);
    };
  }

  private static List<TopSequence> rows(ResultsStore store, String query) {
    LayerSpan layers = LayerSpan.all(store.folder().manifest().layers().size());
    List<TopSequence> rows = new ArrayList<>();
    for (boolean raising : new boolean[] {true, false}) {
      rows.addAll(store.top(query, new Ranking(raising, layers, false, 0, Integer.MAX_VALUE)));
    }
    return rows;
  }

  private static String csv(List<TopSequence> rows) {
    return rows.stream()
        .map(s ->
            Stream.of(
                    s.rank(),
                    s.documentId(),
                    s.sequenceIndex(),
                    s.tokenOffset(),
                    s.influence(),
                    s.spiky(),
                    s.text())
                .map(Download::field)
                .collect(Collectors.joining(",")))
        .collect(
            Collectors.joining(
                "\r\n",
                "rank,document_id,sequence_index,token_offset,influence,spiky,text\r\n",
                "\r\n"));
  }

  /** RFC 4180; a text that a spreadsheet would take for a formula gets an apostrophe first. */
  private static String field(Object value) {
    String text = value.toString();
    if (value instanceof String && !text.isEmpty() && "=+-@\t\r".indexOf(text.charAt(0)) >= 0) {
      text = "'" + text;
    }
    return text.matches("(?s).*[\",\r\n].*") ? '"' + text.replace("\"", "\"\"") + '"' : text;
  }

  private static byte[] parquet(ResultsStore store, String query) {
    try {
      Path folder = Files.createTempDirectory("whence-download");
      Path file = folder.resolve("influences.parquet");
      try {
        store.exportParquet(query, file);
        return Files.readAllBytes(file);
      } finally {
        Files.deleteIfExists(file);
        Files.delete(folder);
      }
    } catch (IOException e) {
      throw new UncheckedIOException("cannot write a file to download", e);
    }
  }
}
