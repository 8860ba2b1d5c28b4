package dev.whence.folder;

import dev.whence.InvalidInputException;
import dev.whence.Json;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import tools.jackson.core.JacksonException;
import tools.jackson.core.type.TypeReference;

/**
 * A folder in the making. Everything is written to {@code NAME.partial} beside the target and
 * renamed at the end, so that a folder of the target's name is always whole. A partial folder left
 * by a killed process is taken up again when it was for the same work, and refused when it was for
 * other work, which may have taken hours. Nothing that Whence did not write is ever deleted.
 */
public final class WorkFolder implements AutoCloseable {
  /** What is added to the name of a folder while it is written. */
  private static final String PARTIAL = ".partial";

  private static final String IDENTITY = "identity.json";

  /** The identity while work is being discarded. */
  private static final Map<String, String> NOTHING = Map.of();

  private final Path target;
  private final Path partial;
  private final Map<String, String> identity;
  private final FolderLock lock;

  private WorkFolder(Path target, Path partial, Map<String, String> identity, FolderLock lock) {
    this.target = target;
    this.partial = partial;
    this.identity = identity;
    this.lock = lock;
  }

  /**
   * Opens or creates the partial folder.
   *
   * @param kind what the folder is to hold; only a folder of this kind may be replaced
   * @param identity what the work is made from, by the command line's option or in a word
   * @param force discards a partial folder that was for other work
   * @throws InvalidInputException when another process is at work on the same target, when a folder
   *     there holds something else, or when a partial folder was for other work: what differs is
   *     named
   * @throws UncheckedIOException when the folder cannot be written
   */
  public static WorkFolder open(
      Path target, FolderKind kind, Map<String, String> identity, boolean force) {
    try {
      Path real = resolve(target);
      kind.requireReplaceable(target);
      Path partial = real.resolveSibling(real.getFileName() + PARTIAL);
      Files.createDirectories(partial);
      if (!Files.exists(partial.resolve(IDENTITY)) && !onlyLock(partial)) {
        throw new InvalidInputException(
            partial
                + " holds files that Whence did not write; move it away, or choose another --out");
      }
      FolderLock lock =
          FolderLock.tryTake(partial)
              .orElseThrow(() ->
                  new InvalidInputException(
                      "another process is writing "
                          + target
                          + "; wait for it, or choose another --out"));
      WorkFolder folder = new WorkFolder(real, partial, identity, lock);
      try {
        folder.begin(force);
        return folder;
      } catch (IOException | RuntimeException e) {
        folder.close();
        throw e;
      }
    } catch (IOException e) {
      throw AtomicFile.failed("write to", target, e);
    }
  }

  /** The target without links: renaming a link would put the folder on the link's disk. */
  private static Path resolve(Path target) throws IOException {
    Path absolute = target.toAbsolutePath();
    if (Files.exists(absolute)) {
      absolute = absolute.toRealPath();
    } else {
      Path parent = absolute.normalize().getParent();
      if (parent != null) {
        Files.createDirectories(parent);
        absolute = parent.toRealPath().resolve(absolute.normalize().getFileName());
      }
    }
    if (absolute.getFileName() == null) {
      throw new InvalidInputException(
          target + " cannot be a folder of results; choose another --out");
    }
    return absolute;
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

  /** Whether work on a folder was begun, and neither finished nor discarded. */
  static boolean isBegun(Path target) {
    Path absolute = target.toAbsolutePath().normalize();
    return Files.exists(absolute.resolveSibling(absolute.getFileName() + PARTIAL));
  }

  /** Whether a folder is one that Whence wrote, or is writing. */
  public static boolean isOurs(Path folder) {
    if (Files.exists(folder.resolve(IDENTITY)) && Files.exists(folder.resolve(FolderLock.NAME))) {
      return true;
    }
    try {
      return Manifest.isOurs(folder);
    } catch (InvalidInputException e) {
      return false; // another program's manifest
    }
  }

  private static boolean onlyLock(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.allMatch(file -> file.endsWith(FolderLock.NAME));
    }
  }

  private void begin(boolean force) throws IOException {
    Path file = partial.resolve(IDENTITY);
    boolean known = Files.exists(file);
    Optional<Map<String, String>> begun = known ? readIdentity(file) : Optional.empty();
    if (begun.equals(Optional.of(identity))) {
      return;
    }
    boolean discarded = begun.equals(Optional.of(NOTHING));
    if (known && !discarded && !force && hasWork()) {
      throw new InvalidInputException(
          "%s holds interrupted work on something else (%s); give --force to discard it, or another --out"
              .formatted(
                  partial,
                  begun.map(b -> differences(b, identity)).orElse(IDENTITY + " is damaged")));
    }
    startOver();
  }

  /** Removes all that was written. Killed on the way, it is gone on with at the next opening. */
  private void discard() throws IOException {
    AtomicFile.write(partial.resolve(IDENTITY), Json.MAPPER.writeValueAsString(NOTHING));
    try (Stream<Path> files = Files.list(partial)) {
      for (Path old :
          files.filter(f -> !f.endsWith(FolderLock.NAME) && !f.endsWith(IDENTITY)).toList()) {
        Folders.delete(old);
      }
    }
  }

  /** Discards the work that the folder holds, which is still for the same thing. */
  public void startOver() throws IOException {
    discard();
    AtomicFile.write(partial.resolve(IDENTITY), Json.MAPPER.writeValueAsString(identity));
  }

  /**
   * Whether there is more than what says whose it is: an attempt that failed at once leaves none.
   */
  private boolean hasWork() throws IOException {
    try (Stream<Path> files = Files.walk(partial)) {
      return files
          .filter(Files::isRegularFile)
          .anyMatch(file -> !file.endsWith(IDENTITY) && !file.endsWith(FolderLock.NAME));
    }
  }

  /** What differs, in words: settings with both values, hashes by their name alone. */
  private static String differences(Map<String, String> begun, Map<String, String> now) {
    Set<String> names = new TreeSet<>(begun.keySet());
    names.addAll(now.keySet());
    return names.stream()
        .filter(name -> !Objects.equals(begun.get(name), now.get(name)))
        .map(name -> {
          String before = begun.getOrDefault(name, "none");
          String after = now.getOrDefault(name, "none");
          return Hashes.isHash(before) || Hashes.isHash(after)
              ? "other " + name
              : "%s was %s and is %s now".formatted(name, before, after);
        })
        .collect(Collectors.joining(", "));
  }

  /** Empty when the file is damaged. */
  private static Optional<Map<String, String>> readIdentity(Path file) throws IOException {
    try {
      return Optional.of(
          Json.MAPPER.readValue(
              Files.readAllBytes(file), new TypeReference<Map<String, String>>() {}));
    } catch (JacksonException e) {
      return Optional.empty();
    }
  }

  /** Where the files are written. */
  public Path path() {
    return partial;
  }

  /**
   * Puts the finished folder in the target's place.
   *
   * @return the target, without links
   */
  public Path publish() {
    try {
      sync(partial);
      Optional<Path> replaced = makeRoom();
      try {
        Files.move(partial, target, StandardCopyOption.ATOMIC_MOVE);
      } catch (IOException e) {
        if (replaced.isPresent()) {
          Files.move(replaced.get(), target, StandardCopyOption.ATOMIC_MOVE);
          throw e;
        }
        // An empty folder that cannot be replaced, such as a mount point, is filled, the manifest
        // last.
        moveFiles();
      }
      lock.close();
      Files.deleteIfExists(target.resolve(IDENTITY));
      Files.deleteIfExists(target.resolve(FolderLock.NAME));
      if (replaced.isPresent()) {
        Folders.delete(replaced.get());
      }
      return target;
    } catch (IOException e) {
      throw AtomicFile.failed("finish", target, e);
    }
  }

  /** Moves an older folder aside, under a name that nobody else uses. */
  private Optional<Path> makeRoom() throws IOException {
    if (isFree(target)) {
      return Optional.empty(); // an empty folder is replaced by the rename itself
    }
    Path aside =
        target.resolveSibling("." + target.getFileName() + ".replaced-" + System.nanoTime());
    Files.move(target, aside, StandardCopyOption.ATOMIC_MOVE);
    return Optional.of(aside);
  }

  private void moveFiles() throws IOException {
    Files.createDirectories(target);
    try (Stream<Path> files = Files.list(partial)) {
      List<Path> manifestLast =
          files.sorted(Comparator.comparing(f -> f.endsWith(Manifest.NAME))).toList();
      for (Path file : manifestLast) {
        copy(file, target.resolve(file.getFileName().toString()));
      }
    }
    Folders.delete(partial);
  }

  private static void copy(Path from, Path to) throws IOException {
    try (Stream<Path> files = Files.walk(from)) {
      for (Path file : files.toList()) {
        Files.copy(file, to.resolve(from.relativize(file).toString()));
      }
    }
  }

  /** Every file on the disk before any name says that it is whole. */
  private static void sync(Path folder) throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
          channel.force(true);
        }
      }
    }
  }

  /** Lets go of the folder; an unfinished one stays, to be taken up again. */
  @Override
  public void close() {
    lock.close();
  }
}
