package dev.whence.corpus;

import dev.whence.corpus.JsonLine.Value;
import java.util.Optional;
import java.util.Set;

/** Parses {@code {"id"?, "text"}} or {@code {"id"?, "tokens": [int]}}. Other fields are ignored. */
final class JsonDocument {
  private JsonDocument() {}

  /**
   * Parses one line.
   *
   * @param textField the field with the text
   * @param tokenField the field with token ids
   */
  static Document parse(String line, String textField, String tokenField, String defaultId)
      throws MalformedDocumentException {
    JsonLine object = JsonLine.read(line, Set.of(textField, tokenField, "id"));
    String id = object.id().orElse(defaultId);
    Optional<Value> text = object.get(textField);
    Optional<Value> tokens = object.get(tokenField);
    if (text.isPresent()) {
      if (tokens.isPresent() && tokens.get() instanceof Value.Integers) {
        throw new MalformedDocumentException(
            "it has both \"%s\" and \"%s\"; keep one".formatted(textField, tokenField));
      }
      // Whatever else is called as the tokens are, a count perhaps, the text decides.
      if (text.get() instanceof Value.Text(String content)) {
        return new Document.Text(id, content);
      }
      throw new MalformedDocumentException("\"" + textField + "\" is not a string");
    }
    if (tokens.isPresent()) {
      if (tokens.get() instanceof Value.Integers(int[] ids)) {
        return new Document.Tokens(id, ids);
      }
      throw new MalformedDocumentException("\"" + tokenField + "\" is not a list of integers");
    }
    throw new MalformedDocumentException(
        ("it has neither \"%s\" nor \"%s\", only %s;"
                + " name the field with --text-column or --token-column")
            .formatted(textField, tokenField, object.isEmpty() ? "nothing" : object.names()));
  }
}
