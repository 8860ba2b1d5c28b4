package dev.whence.corpus;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.whence.InvalidInputException;
import dev.whence.testing.Oracle;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class QueryFileTest {
  private static final String GOOD =
      "{\"id\": \"a\", \"prompt_tokens\": [1, 2], \"completion_tokens\": [3]}\n";

  @TempDir private Path folder;

  private Path file = Path.of("");

  @BeforeEach
  void name() {
    file = folder.resolve("queries.jsonl");
  }

  @Test
  void tokensAreReadAsTheyStand() throws IOException {
    List<Query> queries =
        read(
            GOOD
                + "\n" // blank lines count as lines, and as nothing else
                + "{\"prompt_tokens\": [], \"completion_tokens\": [9, 0, 9]}\n"
                + "{\"id\": 7, \"prompt_tokens\": [4], \"completion_tokens\": [5]}");
    assertThat(queries).extracting(Query::id).containsExactly("a", "query-3", "7");
    assertThat(queries.get(0).tokens()).containsExactly(1, 2, 3);
    assertThat(queries.get(0).firstScored()).isEqualTo(2);
    assertThat(queries.get(0).prompt()).isEqualTo("1 2");
    assertThat(queries.get(1).tokens()).containsExactly(9, 0, 9);
    assertThat(queries.get(1).firstScored()).as("the first token is context").isEqualTo(1);
    assertThat(queries.get(1).completion()).isEqualTo("9 0 9");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"id\": \"a\", \"prompt_tokens\": [1], \"completion_tokens\": [2]}|it repeats the id 'a'",
        "{\"prompt_tokens\": [1], \"completion_tokens\": []}|without a token to predict",
        "{\"prompt_tokens\": [], \"completion_tokens\": [1]}|without a token to predict",
        "{\"completion_tokens\": [1]}|it needs \"prompt_tokens\" as an array",
        "{\"prompt_tokens\": [1], \"completion_tokens\": 2}|it needs \"completion_tokens\" as an"
            + " array",
        "{\"prompt_tokens\": [1], \"completion_tokens\": [10]}|it has the token 10, outside the"
            + " vocabulary of 10",
        "{\"prompt_tokens\": [-1], \"completion_tokens\": [1]}|it has the token -1, outside",
        "{\"prompt_tokens\": [1.5], \"completion_tokens\": [1]}|\"prompt_tokens\" is a list with 1.5",
        "{\"prompt_tokens\": [\"1\"], \"completion_tokens\": [1]}|\"prompt_tokens\" is a list with 1, which is no token id",
        "{\"prompt_tokens\": [4294967297], \"completion_tokens\": [1]}|\"prompt_tokens\" is a list with 4294967297",
        "{\"prompt_tokens\": [1, 2, 3], \"completion_tokens\": [4, 5, 6]}|it has 6 tokens, but the"
            + " model takes 5",
        "{\"completion\": \"x\"}|it needs \"prompt\" and \"completion\"",
        "{\"prompt\": \"x\"}|it needs \"prompt\" and \"completion\"",
        "{\"prompt\": 1, \"completion\": \"x\"}|it needs \"prompt\" and \"completion\"",
        "{\"prompt\": \"x\", \"completion\": \"y\"}|it has text, but the model has no tokenizer.json",
        "[1, 2]|it is not a JSON object",
        "{\"prompt_tokens\": [1]|it is not JSON",
        "{\"id\": 1, \"id\": 2, \"prompt_tokens\": [1], \"completion_tokens\": [1]}|it has \"id\""
            + " twice",
        "{\"id\": true, \"prompt_tokens\": [1], \"completion_tokens\": [1]}|\"id\" is true, which",
        "{\"id\": [\"x\"], \"prompt_tokens\": [1], \"completion_tokens\": [1]}|\"id\" is a list with x",
        "{\"prompt\": \"a\\ud83d\", \"completion\": \"x\"}|unpaired surrogate",
      })
  void lineAtFaultIsNamed(String lineAndMessage) {
    int bar = lineAndMessage.indexOf('|');
    assertThatThrownBy(() -> read(GOOD + "\n" + lineAndMessage.substring(0, bar) + "\n"))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining(file + " line 3: ")
        .hasMessageContaining(lineAndMessage.substring(bar + 1));
  }

  @Test
  void aByteOrderMarkIsNoPartOfTheFirstLineAndIdsAreAsTheyAreWritten() throws IOException {
    List<Query> queries =
        read(
            "\uFEFF{\"id\": 1e3, \"reward\": NaN, \"prompt_tokens\": [4], \"completion_tokens\": [5]}");
    assertThat(queries).extracting(Query::id).containsExactly("1e3");
  }

  @Test
  void countsOfTokensBesideATextAreNoTokens() throws IOException {
    try (Tokenizer tokenizer = tokenizer()) {
      String text = "{\"prompt\": \"the cat\", \"completion\": \" sat\", ";
      Files.writeString(file, text + "\"prompt_tokens\": 12, \"completion_tokens\": 3}");
      int vocabulary = tokenizer.vocabularySize();
      Query query = QueryFile.read(file, Optional.of(tokenizer), vocabulary, 64).getFirst();
      assertThat(query.completion()).isEqualTo(" sat");
      Files.writeString(file, text + "\"prompt_tokens\": [1], \"completion_tokens\": [2]}");
      assertThatThrownBy(() -> QueryFile.read(file, Optional.of(tokenizer), vocabulary, 64))
          .isInstanceOf(InvalidInputException.class)
          .hasMessageContaining(
              "line 1: it has both \"completion\" and \"completion_tokens\"; keep one");
    }
  }

  @Test
  void compressedQueriesAreReadAndOtherFilesRefused() throws IOException {
    for (String name : List.of("q.jsonl.gz", "q.gz", "q.ndjson.gz")) {
      Path compressed = Fixtures.write(folder.resolve(name), Fixtures.gzip(GOOD));
      assertThat(QueryFile.read(compressed, Optional.empty(), 10, 5)).as(name).hasSize(1);
    }
    Path text = Fixtures.write(folder.resolve("q.txt"), GOOD);
    assertThat(QueryFile.read(text, Optional.empty(), 10, 5)).hasSize(1);
    Path parquet = Fixtures.write(folder.resolve("q.parquet"), GOOD);
    assertThatThrownBy(() -> QueryFile.read(parquet, Optional.empty(), 10, 5))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining(parquet + " is no file of JSON lines");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "\n \n"})
  void fileWithoutQueriesIsRefused(String text) {
    assertThatThrownBy(() -> read(text))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining(file + " has no queries");
  }

  @Test
  void whatCannotBeReadIsTheUsersToMend() throws IOException {
    Files.createDirectory(file);
    assertThatThrownBy(() -> QueryFile.read(file, Optional.empty(), 10, 5))
        .isInstanceOf(InvalidInputException.class)
        .hasMessage("cannot read " + file + ": Is a directory");
  }

  @Test
  void missingFileIsNamed() {
    assertThatThrownBy(() -> QueryFile.read(file, Optional.empty(), 10, 5))
        .isInstanceOf(InvalidInputException.class)
        .hasMessage(file + " does not exist");
  }

  @Test
  void textThatIsNotUtf8IsRefused() throws IOException {
    Files.write(file, new byte[] {'{', '"', (byte) 0xe9, '"', '}'}); // Latin-1
    assertThatThrownBy(() -> QueryFile.read(file, Optional.empty(), 10, 5))
        .isInstanceOf(InvalidInputException.class)
        .hasMessage(file + " line 1: it is not valid UTF-8");
  }

  @Test
  void textBecomesThePromptsAndTheCompletionsTokens() throws IOException {
    try (Tokenizer tokenizer = tokenizer()) {
      Files.writeString(file, "{\"prompt\": \"the cat\", \"completion\": \" sat\"}");
      int vocabulary = tokenizer.vocabularySize();
      Query query = QueryFile.read(file, Optional.of(tokenizer), vocabulary, 64).getFirst();
      int[] whole = tokenizer.encode("the cat sat"); // and the special token after it
      assertThat(query.tokens()).isEqualTo(Arrays.copyOf(whole, whole.length - 1));
      assertThat(tokenizer.decode(query.completionTokens())).isEqualTo(" sat");
      assertThat(query.prompt()).isEqualTo("the cat");
      // A tokenizer may know more tokens than the model has rows for.
      int highest = Arrays.stream(query.tokens()).max().orElseThrow();
      assertThatThrownBy(() -> QueryFile.read(file, Optional.of(tokenizer), highest, 64))
          .isInstanceOf(InvalidInputException.class)
          .hasMessageContaining(
              "line 1: it has the token %d, outside the vocabulary of %d", highest, highest);
      Files.writeString(file, "{\"prompt\": \"the cat\", \"completion\": \"\"}");
      assertThatThrownBy(() -> QueryFile.read(file, Optional.of(tokenizer), vocabulary, 64))
          .isInstanceOf(InvalidInputException.class)
          .hasMessageContaining("without a token to predict");
    }
  }

  private static Tokenizer tokenizer() {
    Path resources = Oracle.resources().resolveSibling("tokenizer");
    return Tokenizer.load(resources.resolve("tokenizer.json"));
  }

  /** Reads with a vocabulary of 10 and a model of 5 positions. */
  private List<Query> read(String text) throws IOException {
    Files.writeString(file, text);
    return QueryFile.read(file, Optional.empty(), 10, 5);
  }
}
