package dev.whence.corpus;

import dev.whence.Json;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.core.json.JsonReadFeature;

/**
 * One line's JSON object, of a corpus or of a file of queries. The wanted fields are read, and the
 * rules are strict for them alone: what stands in other fields need not even be JSON to the letter
 * (NaN, a name twice, numbers of any length, any depth). The parser streams, so a line of a million
 * brackets costs no stack and a line of a million ids no boxes.
 */
final class JsonLine {
  private static final JsonFactory JSON =
      JsonFactory.builder()
          .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxStringLength(Lines.MAXIMUM_BYTES)
                  .maxNumberLength(Lines.MAXIMUM_BYTES)
                  .maxNameLength(Lines.MAXIMUM_BYTES)
                  .maxNestingDepth(Lines.MAXIMUM_BYTES)
                  .build())
          .build();

  private static final String NULL = "null";

  /** The value of a wanted field. */
  sealed interface Value {
    /** A string; well-formed Unicode. */
    record Text(String text) implements Value {}

    /** A number, as it is written. */
    record Numeral(String written) implements Value {}

    /** A list of integers that fit in 32 bits. */
    record Integers(int[] values) implements Value {}

    /**
     * Anything else.
     *
     * @param what it is, in words, for a message
     */
    record Other(String what) implements Value {}
  }

  private final Map<String, Optional<Value>> fields = new LinkedHashMap<>(); // empty if unwanted

  private JsonLine() {}

  /**
   * Reads a line.
   *
   * @param wanted the fields whose values are of interest
   * @throws MalformedDocumentException when it is no JSON object, or a wanted field is there twice
   *     or is not Unicode
   */
  static JsonLine read(String line, Set<String> wanted) throws MalformedDocumentException {
    JsonLine object = new JsonLine();
    try (JsonParser parser = JSON.createParser(ObjectReadContext.empty(), line)) {
      if (parser.nextToken() != JsonToken.START_OBJECT) {
        throw new MalformedDocumentException("it is not a JSON object");
      }
      while (parser.nextToken() != JsonToken.END_OBJECT) {
        String name = parser.currentName();
        JsonToken token = parser.nextToken();
        if (!wanted.contains(name)) {
          parser.skipChildren();
          object.fields.putIfAbsent(name, Optional.empty());
        } else if (object.fields.put(name, Optional.of(value(parser, token))) != null) {
          throw new MalformedDocumentException("it has \"" + name + "\" twice");
        }
      }
      if (parser.nextToken() != null) {
        throw new MalformedDocumentException("something follows the JSON object on its line");
      }
      return object;
    } catch (JacksonException e) {
      throw new MalformedDocumentException("it is not JSON: " + Json.reason(e));
    }
  }

  /** The value of a wanted field, if it is there. */
  Optional<Value> get(String name) {
    return fields.getOrDefault(name, Optional.empty());
  }

  /** Whether a field is there, whatever its value. */
  boolean has(String name) {
    return fields.containsKey(name);
  }

  boolean isEmpty() {
    return fields.isEmpty();
  }

  /** All fields' names, in their order, for a message. */
  String names() {
    return String.join(", ", fields.keySet().stream().map(name -> '"' + name + '"').toList());
  }

  /**
   * The identifier in the field {@code id}: a string, or a number as it is written.
   *
   * @throws MalformedDocumentException when it is something else
   */
  Optional<String> id() throws MalformedDocumentException {
    return switch (get("id").orElse(null)) {
      case null -> Optional.empty();
      case Value.Text(String text) -> Optional.of(text);
      case Value.Numeral(String written) -> Optional.of(written);
      case Value.Integers _ -> throw badId("a list");
      case Value.Other(String what) -> {
        if (what.equals(NULL)) {
          yield Optional.empty();
        }
        throw badId(what);
      }
    };
  }

  private static MalformedDocumentException badId(String what) {
    return new MalformedDocumentException(
        "\"id\" is " + what + ", which is neither a string nor a number");
  }

  private static Value value(JsonParser parser, @Nullable JsonToken token)
      throws MalformedDocumentException {
    return switch (token) {
      case VALUE_STRING -> new Value.Text(wellFormed(parser.getString()));
      case VALUE_NUMBER_INT -> new Value.Numeral(parser.getString());
      case VALUE_NUMBER_FLOAT -> {
        String written = parser.getString();
        // NaN and the infinities are no JSON.
        yield written.matches("-?\\d.*") ? new Value.Numeral(written) : new Value.Other(written);
      }
      case VALUE_NULL -> new Value.Other(NULL);
      case VALUE_TRUE, VALUE_FALSE -> new Value.Other(parser.getString());
      case START_ARRAY -> integers(parser);
      case null, default -> {
        parser.skipChildren();
        yield new Value.Other("an object");
      }
    };
  }

  private static Value integers(JsonParser parser) {
    int[] read = new int[64];
    int count = 0;
    Optional<String> stranger = Optional.empty();
    while (parser.nextToken() != JsonToken.END_ARRAY) {
      if (parser.currentToken() != JsonToken.VALUE_NUMBER_INT || !fits(parser.getString())) {
        String shown = parser.currentToken().isScalarValue() ? parser.getString() : "a list";
        stranger = stranger.or(() -> Optional.of(shortened(shown)));
        parser.skipChildren();
      } else if (stranger.isEmpty()) {
        if (count == read.length) {
          read = Arrays.copyOf(read, 2 * count);
        }
        read[count++] = parser.getIntValue();
      }
    }
    return stranger.isPresent()
        ? new Value.Other("a list with " + stranger.get())
        : new Value.Integers(Arrays.copyOf(read, count));
  }

  /** Whether an integer as it is written is one of 32 bits. */
  private static boolean fits(String written) {
    return written.length() <= 11 && Long.parseLong(written) == (int) Long.parseLong(written);
  }

  private static String shortened(String text) {
    return text.length() <= 40 ? text : text.substring(0, 40) + "...";
  }

  private static String wellFormed(String string) throws MalformedDocumentException {
    if (!Unicode.isWellFormed(string)) {
      throw new MalformedDocumentException("it has an unpaired surrogate, which is not Unicode");
    }
    return string;
  }
}
