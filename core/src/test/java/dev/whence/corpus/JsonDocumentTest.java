package dev.whence.corpus;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class JsonDocumentTest {
  @Test
  void textAndIdAreRead() throws MalformedDocumentException {
    assertThat(parse("{\"meta\": {\"a\": [1, {}]}, \"text\": \"h\\u00e9\\n\", \"id\": \"d7\"}"))
        .isEqualTo(new Document.Text("d7", "hé\n"));
  }

  @Test
  void tokensAreRead() throws MalformedDocumentException {
    Document document = parse("{\"tokens\": [0, 7, 2147483647, -1]}");
    assertThat(document.id()).isEqualTo("default");
    assertThat(((Document.Tokens) document).tokens()).containsExactly(0, 7, Integer.MAX_VALUE, -1);
  }

  @Test
  void numericIdIsTheStringItIsWrittenAs() throws MalformedDocumentException {
    assertThat(parse("{\"id\": 12345678901234567890123, \"text\": \"\"}").id())
        .isEqualTo("12345678901234567890123");
    assertThat(parse("{\"id\": null, \"text\": \"\"}").id()).isEqualTo("default");
  }

  @Test
  void otherFieldHoldsTheTextWhenChosen() throws MalformedDocumentException {
    assertThat(JsonDocument.parse("{\"content\": \"a\", \"text\": 3}", "content", "default"))
        .isEqualTo(new Document.Text("default", "a"));
  }

  @Test
  void nulInTextIsText() throws MalformedDocumentException {
    assertThat(parse("{\"text\": \"a\\u0000b\"}")).isEqualTo(new Document.Text("default", "a\0b"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{}|neither",
        "[]|not a JSON object",
        "3|not a JSON object",
        "{\"text\": 3}|not a string",
        "{\"text\": null}|not a string",
        "{\"text\": \"a\", \"tokens\": [1]}|both",
        "{\"text\": \"a\", \"text\": \"b\"}|not JSON",
        "{\"text\": \"a\"|not JSON",
        "{\"text\": \"a|not JSON",
        "{\"text\": \"a\"} {}|follows",
        "{\"text\": \"\\ud800\"}|surrogate",
        "{\"text\": \"\\udc00\\ud800\"}|surrogate",
        "{\"id\": \"\\ud800\", \"text\": \"\"}|surrogate",
        "{\"id\": [1], \"text\": \"\"}|neither a string nor a number",
        "{\"tokens\": 3}|not a list",
        "{\"tokens\": [1.5]}|not a list",
        "{\"tokens\": [[1]]}|not a list",
        "{\"tokens\": [1, null]}|not a list",
        "{\"tokens\": [2147483648]}|not JSON",
        "{\"tokens\": [1, 2}|not JSON",
      })
  void whatIsNoDocumentIsMalformed(String line, String reason) {
    assertThatThrownBy(() -> parse(line))
        .isInstanceOf(MalformedDocumentException.class)
        .hasMessageContaining(reason);
  }

  @Test
  void nestingBombIsMalformedAndNotAStackOverflow() {
    for (String open : new String[] {"[", "{\"a\":"}) {
      assertThatThrownBy(() -> parse("{\"x\": " + open.repeat(1_000_000)))
          .isInstanceOf(MalformedDocumentException.class);
      assertThatThrownBy(() -> parse(open.repeat(1_000_000)))
          .isInstanceOf(MalformedDocumentException.class);
    }
  }

  @Test
  void hugeNumberIsMalformedAndNotParsedForHours() {
    assertThatThrownBy(() -> parse("{\"tokens\": [1" + "0".repeat(1_000_000) + "]}"))
        .isInstanceOf(MalformedDocumentException.class);
  }

  private static Document parse(String line) throws MalformedDocumentException {
    return JsonDocument.parse(line, "text", "default");
  }
}
