package dev.whence.folder;

import dev.whence.InvalidInputException;
import dev.whence.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/** A folder's {@code manifest.json}: what the folder is, by kind and format, and what is in it. */
public final class Manifest {
  public static final String NAME = "manifest.json";

  private Manifest() {}

  /** Whether a folder has a manifest. */
  public static boolean isIn(Path folder) {
    return Files.exists(folder.resolve(NAME));
  }

  /** Whether a folder's manifest has what all of ours have and no other program's. */
  public static boolean isOurs(Path folder) {
    if (!isIn(folder)) {
      return false;
    }
    JsonNode manifest = read(folder, JsonNode.class);
    return manifest.path("kind").isString()
        && manifest.path("format").isIntegralNumber()
        && manifest.path("whence_version").isString();
  }

  /**
   * Reads a folder's manifest as a record.
   *
   * @throws InvalidInputException when it is damaged
   */
  public static <T> T read(Path folder, Class<T> type) {
    Path file = folder.resolve(NAME);
    GitLfs.requireContent(file);
    try {
      return Json.MAPPER.readValue(Files.readAllBytes(file), type);
    } catch (JacksonException e) {
      throw new InvalidInputException(
          file + " is damaged: " + Json.reason(e) + "; make the folder again", e);
    } catch (IOException e) {
      throw AtomicFile.unreadable(file, e);
    }
  }

  /** Writes a record as a folder's manifest. */
  public static void write(Path folder, Object manifest) {
    Path file = folder.resolve(NAME);
    try {
      AtomicFile.write(file, Json.MAPPER.writeValueAsString(manifest) + "\n");
    } catch (IOException e) {
      throw AtomicFile.failed("write", file, e);
    }
  }
}
