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
  private final String name; // with its article
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

  /**
   * The kind of a folder; empty when it has no manifest, or one of no kind that is known.
   *
   * @throws InvalidInputException when the manifest is damaged
   */
  public static Optional<FolderKind> of(Path folder) {
    return Manifest.isIn(folder) ? of(Manifest.read(folder, JsonNode.class)) : Optional.empty();
  }

  private static Optional<FolderKind> of(JsonNode manifest) {
    String id = manifest.path("kind").asString("");
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
    if (!Manifest.isIn(folder) && WorkFolder.isBegun(folder)) {
      throw new InvalidInputException(
          "%s is not finished; run the same '%s' again to go on with it"
              .formatted(folder, command));
    }
    if (!Files.exists(folder)) {
      throw new InvalidInputException(
          "%s does not exist; make %s with '%s'".formatted(folder, name, command));
    }
    if (!isOf(folder)) {
      throw new InvalidInputException(
          "%s is %s; make one with '%s'".formatted(folder, difference(folder), command));
    }
    int actual = Manifest.read(folder, JsonNode.class).path("format").asInt(0);
    if (actual > format) {
      throw new InvalidInputException(
          "%s has format %d, but this version of Whence reads %d; use a newer one"
              .formatted(folder, actual, format));
    }
    if (actual < format) {
      throw new InvalidInputException(
          "%s has format %d, but this version of Whence reads %d; make it again with '%s --force'"
              .formatted(folder, actual, format, command));
    }
    return Manifest.read(folder, type);
  }

  private boolean isOf(Path folder) {
    return of(folder).equals(Optional.of(this));
  }

  /**
   * Checks that nothing else is lost when a folder of this kind is written: a check that costs
   * nothing, to be made before work that does.
   *
   * @throws InvalidInputException when there is something else
   */
  public void requireReplaceable(Path out) {
    if (!WorkFolder.isFree(out) && !isOf(out)) {
      throw new InvalidInputException(
          "%s is there already and is %s; choose another --out".formatted(out, difference(out)));
    }
  }

  /** What a folder is, where it is not of this kind. */
  private String difference(Path folder) {
    if (!Manifest.isIn(folder)) {
      return "not %s (it has no %s)".formatted(name, Manifest.NAME);
    }
    return of(folder)
        .map(kind -> "%s, not %s".formatted(kind.name, name))
        .orElseGet(() ->
            Manifest.isOurs(folder)
                ? "not %s (a newer version of Whence wrote it)".formatted(name)
                : "not %s (its %s is another program's)".formatted(name, Manifest.NAME));
  }
}
