package dev.whence.model;

import dev.whence.InvalidInputException;
import dev.whence.Json;
import dev.whence.folder.AtomicFile;
import dev.whence.folder.GitLfs;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * A checkpoint's {@code config.json}: its settings by name, with errors that say which is missing.
 * It remembers which settings were read, so that none is ignored that would change the model.
 */
final class Config {
  private final Path file;
  private final List<String> prefixes; // of the paths by which these settings are known
  private final JsonNode root;
  private final Set<String> read; // by their paths, shared with the sections

  private Config(Path file, List<String> prefixes, JsonNode root, Set<String> read) {
    this.file = file;
    this.prefixes = prefixes;
    this.root = root;
    this.read = read;
  }

  static Config read(Path file) {
    GitLfs.requireContent(file);
    try {
      JsonNode root = Json.MAPPER.readTree(Files.readAllBytes(file));
      if (!root.isObject()) {
        throw new InvalidInputException(file + " is not a JSON object");
      }
      return new Config(file, List.of(""), root, new HashSet<>());
    } catch (NoSuchFileException e) {
      throw new InvalidInputException(
          file + " does not exist: give the folder of a Hugging Face checkpoint", e);
    } catch (JacksonException e) {
      throw new InvalidInputException(file + " is not valid JSON: " + Json.reason(e), e);
    } catch (IOException e) {
      throw AtomicFile.unreadable(file, e);
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
    return new Config(
        file,
        prefixes.stream().map(prefix -> prefix + name + ".").toList(),
        has(name) ? node : Json.MAPPER.createObjectNode(),
        read);
  }

  /**
   * Two nested objects as one, the settings of the second before those of the first.
   *
   * @throws InvalidInputException when each names another {@code rope_type} than the default
   */
  Config merged(String first, String second) {
    Config base = section(first);
    Config over = section(second);
    String baseType = type(base);
    String overType = type(over);
    if (!baseType.equals("default") && !overType.equals("default") && !baseType.equals(overType)) {
      throw new InvalidInputException(
          "%s has '%s' of type '%s' and '%s' of type '%s'; keep one"
              .formatted(file, first, baseType, second, overType));
    }
    ObjectNode merged = Json.MAPPER.createObjectNode();
    for (Config config : List.of(base, over)) {
      for (var property : config.root.properties()) {
        if (!property.getValue().isNull()) {
          boolean older = property.getKey().equals("type");
          if (!older) {
            merged.set(property.getKey(), property.getValue());
          } else if (!config.root.hasNonNull("rope_type")) { // where both are, the newer holds
            merged.set("rope_type", property.getValue());
          }
        }
      }
    }
    List<String> both = new ArrayList<>(base.prefixes);
    both.addAll(over.prefixes);
    return new Config(file, both, merged, read);
  }

  private static String type(Config rope) {
    return rope.text("rope_type", rope.text("type", "default"));
  }

  /** Whether nothing is set. */
  boolean isEmpty() {
    return root.isEmpty();
  }

  private void note(String name) {
    prefixes.forEach(prefix -> read.add(prefix + name));
  }

  /** Whether a setting is there and not null. */
  boolean has(String name) {
    note(name);
    return root.hasNonNull(name);
  }

  /**
   * Refuses settings that nothing has read, unless they are known to leave the function alone.
   *
   * @throws InvalidInputException naming the first
   */
  void requireAllRead() {
    requireAllRead(root, "");
  }

  private void requireAllRead(JsonNode object, String path) {
    for (var property : object.properties()) {
      String name = path + property.getKey();
      JsonNode value = property.getValue();
      if (value.isObject() && read.contains(name)) {
        requireAllRead(value, name + ".");
      } else if (!read.contains(name) && !HarmlessSettings.allow(name, value)) {
        throw new InvalidInputException(
            "%s has '%s': %s, which Whence does not know; if it does not change what the model computes, remove it"
                .formatted(file, name, shortened(value)));
      }
    }
  }

  private static String shortened(JsonNode value) {
    String text = value.toString();
    return text.length() <= 60 ? text : text.substring(0, 60) + "...";
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
    note(name);
    JsonNode node = root.path(name).path(index);
    return node.isString() ? Optional.of(node.asString()) : Optional.empty();
  }

  /**
   * The kind of attention that {@code layer_types} gives a layer, if it is there.
   *
   * @param supported the kinds that the architecture has
   * @throws InvalidInputException when it is another
   */
  Optional<String> layerType(int layer, Set<String> supported) {
    Optional<String> type = element("layer_types", layer);
    if (type.isEmpty() && has("layer_types")) {
      throw new InvalidInputException(
          "%s has 'layer_types' without a kind for layer %d".formatted(file, layer));
    }
    if (type.isPresent() && !supported.contains(type.get())) {
      throw unsupported("the layer type '" + type.get() + "'");
    }
    return type;
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
