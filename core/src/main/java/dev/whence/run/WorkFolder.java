package dev.whence.run;

import dev.whence.AtomicFile;
import dev.whence.InvalidInputException;
import dev.whence.Json;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Comparator;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import tools.jackson.core.JacksonException;
import tools.jackson.core.type.TypeReference;
import tools.jackson.databind.JsonNode;

/**
 * A folder in the making. Everything is written to {@code NAME.partial} beside the target and
 * renamed at the end, so that a folder of the target's name is always whole. A partial folder left
 * by a killed process is taken up again when it was for the same work, else discarded.
 */
public final class WorkFolder implements AutoCloseable {
  private static final String IDENTITY = "identity.json";
  private static final String LOCK = "lock";

  private final Path target;
  private final Path partial;
  private final FileChannel lockChannel;

  private WorkFolder(Path target, Path partial, FileChannel lockChannel) {
    this.target = target;
    this.partial = partial;
    this.lockChannel = lockChannel;
  }

  /**
   * Opens or creates the partial folder.
   *
   * @param identity what the work is made from; only a partial folder with the same is taken up
   * @param restart discards a partial folder in any case
   * @throws InvalidInputException when another process is at work on the same target
   * @throws UncheckedIOException when the folder cannot be written
   */
  public static WorkFolder open(Path target, Map<String, String> identity, boolean restart) {
    Path absolute = target.toAbsolutePath().normalize();
    if (!isFree(absolute) && !isOurs(absolute)) {
      throw new InvalidInputException(
          target + " holds files that Whence did not write; choose another --out");
    }
    Path partial = absolute.resolveSibling(absolute.getFileName() + ".partial");
    try {
      Files.createDirectories(partial);
      FileChannel channel =
          FileChannel.open(
              partial.resolve(LOCK), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      WorkFolder folder = new WorkFolder(absolute, partial, channel);
      try {
        folder.lock();
        folder.begin(identity, restart);
        return folder;
      } catch (IOException | RuntimeException e) {
        channel.close();
        throw e;
      }
    } catch (IOException e) {
      throw new UncheckedIOException(
          "cannot write to " + absolute.getParent() + ": " + reason(e), e);
    }
  }

  /**
   * Whether nothing is lost by writing to {@code target}: it does not exist, or is an empty folder.
   */
  public static boolean isFree(Path target) {
    if (!Files.exists(target)) {
      return true;
    }
    try (Stream<Path> files = Files.list(target)) {
      return files.findAny().isEmpty();
    } catch (IOException e) {
      throw new InvalidInputException(
          target + " is not a folder that can be written; choose another --out", e);
    }
  }

  /** A manifest alone proves nothing: other programs write files of that name. */
  private static boolean isOurs(Path folder) {
    return Files.exists(folder.resolve(RunFolder.MANIFEST))
        && RunFolder.readManifest(folder, JsonNode.class).path("whenceVersion").isString();
  }

  private void lock() throws IOException {
    FileLock lock;
    try {
      lock = lockChannel.tryLock();
    } catch (OverlappingFileLockException e) {
      lock = null;
    }
    if (lock == null) {
      throw new InvalidInputException(
          "another process is writing " + target + "; wait for it, or choose another --out");
    }
  }

  private void begin(Map<String, String> identity, boolean restart) throws IOException {
    Path file = partial.resolve(IDENTITY);
    if (restart || !identity.equals(readIdentity(file))) {
      try (Stream<Path> files = Files.list(partial)) {
        for (Path old : files.toList()) {
          if (!old.endsWith(LOCK)) {
            delete(old);
          }
        }
      }
      AtomicFile.write(file, Json.MAPPER.writeValueAsString(identity));
    }
  }

  private static Map<String, String> readIdentity(Path file) throws IOException {
    if (!Files.exists(file)) {
      return Map.of();
    }
    try {
      return Json.MAPPER.readValue(Files.readAllBytes(file), new TypeReference<>() {});
    } catch (JacksonException e) {
      return Map.of(); // damaged: start over
    }
  }

  /** Where the files are written. */
  public Path path() {
    return partial;
  }

  /**
   * Puts the finished folder in the target's place; a folder that was there is removed after that.
   */
  public void publish() {
    try {
      Files.deleteIfExists(partial.resolve(IDENTITY));
      lockChannel.close();
      Files.deleteIfExists(partial.resolve(LOCK));
      Path old = target.resolveSibling(target.getFileName() + ".old");
      delete(old);
      if (Files.exists(target)) {
        Files.move(target, old, StandardCopyOption.ATOMIC_MOVE);
      }
      Files.move(partial, target, StandardCopyOption.ATOMIC_MOVE);
      delete(old);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot finish " + target + ": " + reason(e), e);
    }
  }

  private static void delete(Path path) throws IOException {
    if (!Files.exists(path)) {
      return;
    }
    try (Stream<Path> files = Files.walk(path)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }

  /** What the system said, since a file system's exceptions often carry a bare path as message. */
  private static String reason(IOException e) {
    return e.getClass().getSimpleName().replace("Exception", "")
        + " "
        + Objects.requireNonNullElse(e.getMessage(), "");
  }

  /** Lets go of the folder; an unfinished one stays, to be taken up again. */
  @Override
  public void close() {
    try {
      lockChannel.close();
    } catch (IOException e) {
      throw new UncheckedIOException("cannot release " + partial + ": " + reason(e), e);
    }
  }
}
