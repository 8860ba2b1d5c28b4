package dev.whence.model;

import dev.whence.InvalidInputException;
import dev.whence.Json;
import dev.whence.folder.AtomicFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Optional;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/**
 * A checkpoint's {@code config.json}: its settings by name, with errors that say which is missing.
 */
final class Config {
  private final Path file;
  private final JsonNode root;

  private Config(Path file, JsonNode root) {
    this.file = file;
    this.root = root;
  }

  static Config read(Path file) {
    try {
      JsonNode root = Json.MAPPER.readTree(Files.readAllBytes(file));
      if (!root.isObject()) {
        throw new InvalidInputException(file + " is not a JSON object");
      }
      return new Config(file, root);
    } catch (NoSuchFileException e) {
      throw new InvalidInputException(
          file + " does not exist: give the folder of a Hugging Face checkpoint", e);
    } catch (JacksonException e) {
      throw new InvalidInputException(file + " is not valid JSON: " + e.getOriginalMessage(), e);
    } catch (IOException e) {
      throw AtomicFile.failed("read", file, e);
    }
  }

  Path file() {
    return file;
  }

  /** A nested object, empty when there is none. */
  Config section(String name) {
    JsonNode node = root.path(name);
    if (has(name) && !node.isObject()) {
      throw invalid(name, node, "an object");
    }
    return new Config(file, has(name) ? node : Json.MAPPER.createObjectNode());
  }

  boolean has(String name) {
    return root.hasNonNull(name);
  }

  /** A size: a positive integer. */
  int size(String name) {
    if (!has(name)) {
      throw new InvalidInputException(
          file + " has no '" + name + "', which this architecture needs");
    }
    return size(name, 0);
  }

  int size(String name, int otherwise) {
    JsonNode node = root.path(name);
    if (!has(name)) {
      return otherwise;
    }
    if (!node.canConvertToInt() || !node.isIntegralNumber() || node.asInt() < 1) {
      throw invalid(name, node, "a positive integer");
    }
    return node.asInt();
  }

  /** A number that is not negative. */
  double number(String name, double otherwise) {
    JsonNode node = root.path(name);
    if (has(name) && (!node.isNumber() || node.asDouble() < 0)) {
      throw invalid(name, node, "a number that is not negative");
    }
    return has(name) ? node.asDouble() : otherwise;
  }

  boolean flag(String name, boolean otherwise) {
    JsonNode node = root.path(name);
    if (has(name) && !node.isBoolean()) {
      throw invalid(name, node, "true or false");
    }
    return has(name) ? node.asBoolean() : otherwise;
  }

  String text(String name, String otherwise) {
    return has(name) ? root.path(name).asString(otherwise) : otherwise;
  }

  /** One element of an array of strings, if the array is there and long enough. */
  Optional<String> element(String name, int index) {
    JsonNode node = root.path(name).path(index);
    return node.isString() ? Optional.of(node.asString()) : Optional.empty();
  }

  InvalidInputException unsupported(String what) {
    return new InvalidInputException(
        file + " asks for " + what + ", which Whence does not support");
  }

  /** A setting that has a value it cannot have. */
  InvalidInputException invalid(String name, Object value, String expected) {
    return new InvalidInputException(
        file + " has '" + name + "': " + value + ", which should be " + expected);
  }
}
