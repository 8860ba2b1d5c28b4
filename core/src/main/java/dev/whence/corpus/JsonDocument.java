package dev.whence.corpus;

import java.util.Arrays;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.json.JsonFactory;

/**
 * Parses {@code {"id"?, "text"}} or {@code {"id"?, "tokens": [int]}}. Other fields are ignored. The
 * parser streams, so a line of a million brackets costs no stack and a line of a million ids no
 * boxes.
 */
final class JsonDocument {
  private static final JsonFactory JSON =
      JsonFactory.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .streamReadConstraints(
              StreamReadConstraints.builder().maxStringLength(Lines.MAXIMUM_BYTES).build())
          .build();

  private final String textField;
  private Optional<String> id = Optional.empty();
  private Optional<String> text = Optional.empty();
  private Optional<int[]> tokens = Optional.empty();

  private JsonDocument(String textField) {
    this.textField = textField;
  }

  /** Parses one line whose text stands in {@code textField}. */
  static Document parse(String line, String textField, String defaultId)
      throws MalformedDocumentException {
    try (JsonParser parser = JSON.createParser(ObjectReadContext.empty(), line)) {
      var document = new JsonDocument(textField);
      document.read(parser);
      return document.finish(defaultId);
    } catch (JacksonException e) {
      throw new MalformedDocumentException("it is not JSON: " + e.getOriginalMessage());
    }
  }

  private void read(JsonParser parser) throws MalformedDocumentException {
    if (parser.nextToken() != JsonToken.START_OBJECT) {
      throw new MalformedDocumentException("it is not a JSON object");
    }
    while (parser.nextToken() != JsonToken.END_OBJECT) {
      String name = parser.currentName();
      JsonToken value = parser.nextToken();
      if (textField.equals(name)) {
        text = Optional.of(text(parser, value));
      } else if ("tokens".equals(name)) {
        tokens = Optional.of(tokens(parser, value));
      } else if ("id".equals(name)) {
        id = id(parser, value);
      } else {
        parser.skipChildren();
      }
    }
    if (parser.nextToken() != null) {
      throw new MalformedDocumentException("something follows the JSON object on its line");
    }
  }

  private Document finish(String defaultId) throws MalformedDocumentException {
    String name = id.orElse(defaultId);
    if (text.isPresent() && tokens.isPresent()) {
      throw new MalformedDocumentException(
          "it has both \"" + textField + "\" and \"tokens\"; keep one");
    }
    if (text.isPresent()) {
      return new Document.Text(name, text.get());
    }
    if (tokens.isPresent()) {
      return new Document.Tokens(name, tokens.get());
    }
    throw new MalformedDocumentException("it has neither \"" + textField + "\" nor \"tokens\"");
  }

  private String text(JsonParser parser, @Nullable JsonToken value)
      throws MalformedDocumentException {
    if (value != JsonToken.VALUE_STRING) {
      throw new MalformedDocumentException("\"" + textField + "\" is not a string");
    }
    return wellFormed(parser.getString());
  }

  private static Optional<String> id(JsonParser parser, @Nullable JsonToken value)
      throws MalformedDocumentException {
    return switch (value) {
      case VALUE_NULL -> Optional.empty();
      case VALUE_STRING, VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT ->
          Optional.of(wellFormed(parser.getString()));
      case null, default ->
          throw new MalformedDocumentException("\"id\" is neither a string nor a number");
    };
  }

  private static int[] tokens(JsonParser parser, @Nullable JsonToken value)
      throws MalformedDocumentException {
    if (value != JsonToken.START_ARRAY) {
      throw new MalformedDocumentException("\"tokens\" is not a list of integers");
    }
    int[] read = new int[64];
    int count = 0;
    while (parser.nextToken() != JsonToken.END_ARRAY) {
      if (parser.currentToken() != JsonToken.VALUE_NUMBER_INT) {
        throw new MalformedDocumentException("\"tokens\" is not a list of integers");
      }
      if (count == read.length) {
        read = Arrays.copyOf(read, 2 * count);
      }
      read[count++] = parser.getIntValue();
    }
    return Arrays.copyOf(read, count);
  }

  private static String wellFormed(String string) throws MalformedDocumentException {
    if (!Unicode.isWellFormed(string)) {
      throw new MalformedDocumentException("it has an unpaired surrogate, which is not Unicode");
    }
    return string;
  }
}
