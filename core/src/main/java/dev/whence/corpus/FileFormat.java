package dev.whence.corpus;

import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;

/** What a file's name says it holds. */
record FileFormat(Content content, Compression compression) {
  enum Content {
    JSON_LINES,
    TEXT,
    PARQUET
  }

  enum Compression {
    NONE,
    GZIP,
    ZSTANDARD
  }

  static final String SUPPORTED = ".jsonl, .json, .txt (also .gz or .zst) and .parquet";

  /** The format by the file's extensions; nothing when they are not supported. */
  static Optional<FileFormat> of(Path file) {
    String name = nameOf(file).toLowerCase(Locale.ROOT);
    if (name.endsWith(".parquet")) {
      return Optional.of(new FileFormat(Content.PARQUET, Compression.NONE));
    }
    Compression compression = compressionOf(file);
    boolean plain = compression == Compression.NONE;
    return uncompressed(plain ? name : name.substring(0, name.lastIndexOf('.')), compression);
  }

  /** How a file is compressed, whatever else it is, by its last extension. */
  static Compression compressionOf(Path file) {
    String name = nameOf(file).toLowerCase(Locale.ROOT);
    return name.endsWith(".gz")
        ? Compression.GZIP
        : name.endsWith(".zst") ? Compression.ZSTANDARD : Compression.NONE;
  }

  static String nameOf(Path file) {
    Path name = file.getFileName();
    return name == null ? file.toString() : name.toString(); // null only for the root folder
  }

  private static Optional<FileFormat> uncompressed(String name, Compression compression) {
    if (name.endsWith(".jsonl") || name.endsWith(".json")) {
      return Optional.of(new FileFormat(Content.JSON_LINES, compression));
    }
    if (name.endsWith(".txt")) {
      return Optional.of(new FileFormat(Content.TEXT, compression));
    }
    return Optional.empty();
  }
}
