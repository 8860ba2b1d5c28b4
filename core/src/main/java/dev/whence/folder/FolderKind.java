package dev.whence.folder;

import dev.whence.InvalidInputException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import tools.jackson.databind.JsonNode;

/** The folders that Whence writes, as the {@code kind} in their manifests tells them apart. */
public enum FolderKind {
  RUN("run", "a run folder", "whence fit"),
  RESULTS("results", "a results folder", "whence attribute"),
  INFLUENCE_INDEX("influence-index", "an influence index", "whence index build"),
  LEXICAL_INDEX("index", "a lexical index", "whence search index");

  private final String id;
  private final String name;
  private final String command;

  FolderKind(String id, String name, String command) {
    this.id = id;
    this.name = name;
    this.command = command;
  }

  /** The {@code kind} in the manifest. */
  public String id() {
    return id;
  }

  /** In a sentence, with its article. */
  @Override
  public String toString() {
    return name;
  }

  /**
   * The kind of a folder; empty when it has no manifest, or another program's.
   *
   * @throws InvalidInputException when the manifest is damaged
   */
  public static Optional<FolderKind> of(Path folder) {
    if (!Manifest.isIn(folder)) {
      return Optional.empty();
    }
    String id = Manifest.read(folder, JsonNode.class).path("kind").asString("");
    return Arrays.stream(values()).filter(kind -> kind.id.equals(id)).findFirst();
  }

  /**
   * Reads the manifest of a finished folder of this kind.
   *
   * @param format that this version of Whence reads
   * @throws InvalidInputException when there is no such folder, it is unfinished, of another kind
   *     or format, or damaged
   */
  public <T> T read(Path folder, int format, Class<T> type) {
    if (!Manifest.isIn(folder) && isBegun(folder)) {
      throw new InvalidInputException(
          "%s is not finished; run the same '%s' again to go on with it"
              .formatted(folder, command));
    }
    if (!Files.exists(folder)) {
      throw new InvalidInputException(
          "%s does not exist; make %s with '%s'".formatted(folder, name, command));
    }
    if (of(folder).filter(kind -> kind == this).isEmpty()) {
      throw new InvalidInputException(
          "%s is %s; make one with '%s'".formatted(folder, difference(folder), command));
    }
    JsonNode actual = Manifest.read(folder, JsonNode.class).path("format");
    if (actual.asInt(0) != format) {
      throw new InvalidInputException(
          "%s has format %s, but this version of Whence reads %d; make it again with '%s --force'"
              .formatted(folder, actual, format, command));
    }
    return Manifest.read(folder, type);
  }

  /** Whether work on a folder was begun and not finished. */
  private static boolean isBegun(Path folder) {
    Path absolute = folder.toAbsolutePath();
    return Files.exists(absolute.resolveSibling(absolute.getFileName() + WorkFolder.PARTIAL));
  }

  /**
   * Checks that nothing else is lost when a folder of this kind is written: a check that costs
   * nothing, to be made before work that does.
   *
   * @throws InvalidInputException when there is something else
   */
  public void requireReplaceable(Path out) {
    if (!WorkFolder.isFree(out) && of(out).filter(kind -> kind == this).isEmpty()) {
      throw new InvalidInputException(
          "%s is there already and is %s; choose another --out".formatted(out, difference(out)));
    }
  }

  /** What a folder is, where it is not of this kind. */
  private String difference(Path folder) {
    return of(folder)
        .map(kind -> "%s, not %s".formatted(kind.name, name))
        .orElseGet(() ->
            Manifest.isIn(folder)
                ? "not %s (its %s is another program's)".formatted(name, Manifest.NAME)
                : "not %s (it has no %s)".formatted(name, Manifest.NAME));
  }
}
