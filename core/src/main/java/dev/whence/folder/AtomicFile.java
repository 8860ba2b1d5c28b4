package dev.whence.folder;

import dev.whence.InvalidInputException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;

/**
 * Writes files so that a reader sees the old one or the new one, never a part: beside, synced,
 * renamed.
 */
public final class AtomicFile {
  private AtomicFile() {}

  /** What fills the new file. */
  @FunctionalInterface
  public interface Writer {
    void write(FileChannel channel) throws IOException;
  }

  /**
   * Replaces {@code file} by what {@code writer} writes.
   *
   * @throws IOException when it cannot be written; the old file, if any, is then untouched
   */
  public static void write(Path file, Writer writer) throws IOException {
    Path beside = file.resolveSibling(file.getFileName() + ".tmp");
    try {
      try (FileChannel channel =
          FileChannel.open(
              beside,
              StandardOpenOption.CREATE,
              StandardOpenOption.TRUNCATE_EXISTING,
              StandardOpenOption.READ,
              StandardOpenOption.WRITE)) {
        writer.write(channel);
        channel.force(true);
      }
      Files.move(beside, file, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException | RuntimeException e) {
      Files.deleteIfExists(beside);
      throw e;
    }
  }

  /** Replaces {@code file} by {@code text} in UTF-8. */
  public static void write(Path file, String text) throws IOException {
    write(
        file,
        channel -> writeFully(channel, ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8))));
  }

  /** Writes all of {@code bytes} at the channel's position. */
  public static void writeFully(FileChannel channel, ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
  }

  /**
   * A failure to write, in words: a file system's exceptions often carry a bare path as message.
   *
   * @param verb what could not be done: {@code "write"}
   */
  public static UncheckedIOException failed(String verb, Path file, IOException e) {
    return new UncheckedIOException("cannot " + verb + " " + file + ": " + reason(e), e);
  }

  /** What is said of an input that cannot be read: its user can mend that, the program cannot. */
  public static InvalidInputException unreadable(Path file, IOException e) {
    return new InvalidInputException("cannot read " + file + ": " + reason(e), e);
  }

  /** Why a file could not be read or written, without the name of a Java class. */
  public static String reason(IOException e) {
    return switch (e) {
      case NoSuchFileException _ -> "it does not exist";
      case AccessDeniedException _ -> "permission denied";
      case FileAlreadyExistsException _ -> "a file of that name is in the way";
      case FileSystemException f when f.getReason() != null -> f.getReason();
      default -> e.getMessage() == null ? "it cannot be read to its end" : e.getMessage();
    };
  }
}
