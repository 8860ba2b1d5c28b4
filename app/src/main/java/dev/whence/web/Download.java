package dev.whence.web;

import dev.whence.store.ResultsStore;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;

/** A query's rows of the influences as a file; the columns are those of docs/FORMATS.md. */
final class Download {
  private Download() {}

  /** What kind of file. */
  enum Format {
    CSV("csv", "text/csv; charset=utf-8", "FORMAT csv, HEADER"),
    JSON("json", "application/json", "FORMAT json, ARRAY true"),
    PARQUET("parquet", "application/vnd.apache.parquet", "FORMAT parquet, COMPRESSION zstd");

    private final String extension;
    private final String mediaType;
    private final String copy;

    Format(String extension, String mediaType, String copy) {
      this.extension = extension;
      this.mediaType = mediaType;
      this.copy = copy;
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
    try {
      Path folder = Files.createTempDirectory("whence-download");
      Path file = folder.resolve("influences");
      try {
        store.export(query, format.copy, file);
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
