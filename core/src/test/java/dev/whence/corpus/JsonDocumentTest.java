package dev.whence.corpus;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

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
    assertThat(
            JsonDocument.parse("{\"content\": \"a\", \"text\": 3}", "content", "tokens", "default"))
        .isEqualTo(new Document.Text("default", "a"));
  }

  @Test
  void otherFieldHoldsTheTokensWhenChosen() throws MalformedDocumentException {
    Document document =
        JsonDocument.parse("{\"input_ids\": [5, 6], \"tokens\": 2}", "text", "input_ids", "d");
    assertThat(((Document.Tokens) document).tokens()).containsExactly(5, 6);
  }

  /** What a field that is ignored holds is not held against its line. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "\"score\": NaN",
        "\"perplexity\": -Infinity",
        "\"meta\": {\"k\": 1, \"k\": 2}",
        "\"meta\": 1, \"meta\": 2",
        "\"tokens\": 2",
        "\"tokens\": [\"a\", \"b\"]",
        "\"x\": 1e999999"
      })
  void ignoredFieldsMayHoldAnything(String field) throws MalformedDocumentException {
    assertThat(parse("{" + field + ", \"text\": \"a\"}"))
        .isEqualTo(new Document.Text("default", "a"));
  }

  @Test
  void ignoredFieldsMayBeDeepAndTheirNumbersLong() throws MalformedDocumentException {
    String deep = "[".repeat(100_000) + "]".repeat(100_000);
    String number = "9".repeat(100_000);
    assertThat(parse("{\"x\": " + deep + ", \"y\": " + number + ", \"text\": \"a\"}"))
        .isEqualTo(new Document.Text("default", "a"));
  }

  @ParameterizedTest
  @CsvSource({"1.0", "1e3", "1e400", "-7", "123456789012345678901234567890"})
  void numbersAreIdsAsTheyAreWritten(String number) throws MalformedDocumentException {
    assertThat(parse("{\"id\": " + number + ", \"text\": \"\"}").id()).isEqualTo(number);
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
        "{\"text\": \"a\", \"text\": \"b\"}|\"text\" twice",
        "{\"text\": \"a\"|not JSON",
        "{\"text\": \"a|not JSON",
        "{\"text\": \"a\"} {}|follows",
        "{\"text\": \"\\ud800\"}|surrogate",
        "{\"text\": \"\\udc00\\ud800\"}|surrogate",
        "{\"id\": \"\\ud800\", \"text\": \"\"}|surrogate",
        "{\"id\": [1], \"text\": \"\"}|neither a string nor a number",
        "{\"id\": true, \"text\": \"\"}|\"id\" is true, which is neither",
        "{\"id\": {}, \"text\": \"\"}|\"id\" is an object, which is neither",
        "{\"id\": NaN, \"text\": \"\"}|\"id\" is NaN, which is neither",
        "{\"text\": NaN}|not a string",
        "{\"input_ids\": [1], \"labels\": [1]}|only \"input_ids\", \"labels\"; name the field with",
        "{\"tokens\": 3}|not a list",
        "{\"tokens\": [1.5]}|not a list",
        "{\"tokens\": [[1]]}|not a list",
        "{\"tokens\": [1, null]}|not a list",
        "{\"tokens\": [2147483648]}|not a list",
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
    return JsonDocument.parse(line, "text", "tokens", "default");
  }
}
