package dev.whence.corpus;

import static dev.whence.corpus.EndTokens.Rule.ALWAYS;
import static dev.whence.corpus.EndTokens.Rule.AUTO;
import static dev.whence.corpus.EndTokens.Rule.NEVER;
import static dev.whence.corpus.Fixtures.write;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.whence.InvalidInputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The byte tokenizer adds token 0 at both ends; the unigram tokenizer adds token 2 at the end. */
class SpecialTokensTest {
  private static final EndTokens BOTH = new EndTokens(ALWAYS, ALWAYS);
  private static final EndTokens NEITHER = new EndTokens(NEVER, NEVER);

  @TempDir Path folder;
  private Path bytes;
  private Path unigram;

  @BeforeEach
  void copyTokenizers() throws IOException {
    bytes = Files.copy(Fixtures.TOKENIZER, folder.resolve("bytes.json"));
    unigram = Files.copy(Fixtures.UNIGRAM, folder.resolve("unigram.json"));
  }

  private static int[] encode(Path tokenizer, EndTokens rules) {
    try (Tokenizer loaded = Tokenizer.load(tokenizer, rules)) {
      return loaded.encode("the cat");
    }
  }

  private void configure(String json) throws IOException {
    write(folder.resolve("tokenizer_config.json"), json);
  }

  @Test
  void withoutConfigurationTheTokenizerDecides() {
    assertThat(encode(bytes, EndTokens.AUTO)).startsWith(0).endsWith(0);
    assertThat(encode(unigram, EndTokens.AUTO)).isEqualTo(new int[] {10, 70, 43, 2});
  }

  @Test
  void neverTakesAwayWhatTheTokenizerAdds() {
    int[] whole = encode(bytes, EndTokens.AUTO);
    assertThat(encode(bytes, NEITHER)).isEqualTo(Arrays.copyOfRange(whole, 1, whole.length - 1));
    assertThat(encode(bytes, new EndTokens(NEVER, AUTO)))
        .isEqualTo(Arrays.copyOfRange(whole, 1, whole.length));
    assertThat(encode(bytes, new EndTokens(AUTO, NEVER)))
        .isEqualTo(Arrays.copyOf(whole, whole.length - 1));
  }

  @ParameterizedTest
  @CsvSource({
    "true, true, true, true",
    "true, false, true, false",
    "false, true, false, true",
    "false, false, false, false"
  })
  void autoFollowsTheConfiguration(boolean bos, boolean eos, boolean first, boolean last)
      throws IOException {
    configure(
        """
        {"add_bos_token": %s, "add_eos_token": %s,
         "bos_token": "<|endoftext|>", "eos_token": {"content": "<|endoftext|>"}}
        """
            .formatted(bos, eos));
    int[] tokens = encode(bytes, EndTokens.AUTO);
    assertThat(tokens[0] == 0).isEqualTo(first);
    assertThat(tokens[tokens.length - 1] == 0).isEqualTo(last);
  }

  @Test
  void alwaysAddsTheTokenThatTheModelNames() throws IOException {
    write(folder.resolve("config.json"), "{\"bos_token_id\": 1, \"eos_token_id\": [2, 6]}");
    assertThat(encode(unigram, BOTH)).isEqualTo(new int[] {1, 10, 70, 43, 2});
  }

  @Test
  void aTokenIsNotAddedTwice() throws IOException {
    configure("{\"bos_token\": \"<|endoftext|>\", \"eos_token\": \"<|endoftext|>\"}");
    assertThat(encode(bytes, BOTH)).isEqualTo(encode(bytes, EndTokens.AUTO));
  }

  @Test
  void aQueryBeginsAsADocumentDoesAndDoesNotEnd() throws IOException {
    write(folder.resolve("config.json"), "{\"bos_token_id\": 1, \"eos_token_id\": 2}");
    try (Tokenizer loaded = Tokenizer.load(unigram, BOTH)) {
      Query query = QueryFile.of("q", "the cat", " sat", loaded);
      assertThat(query.tokens()).startsWith(1, 10, 70, 43).doesNotContain(2);
    }
  }

  @Test
  void theHashTellsTheRulesApart() {
    try (Tokenizer with = Tokenizer.load(bytes, EndTokens.AUTO);
        Tokenizer without = Tokenizer.load(bytes, NEITHER)) {
      assertThat(with.hash()).isNotEqualTo(without.hash());
    }
  }

  @Test
  void aTokenThatIsNotNamedIsRefused() {
    assertThatThrownBy(() -> encode(unigram, new EndTokens(ALWAYS, AUTO)))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContainingAll("--bos is always", unigram.toString(), "bos_token");
  }

  @Test
  void aBrokenConfigurationIsNamed() throws IOException {
    configure("{\"add_bos_token\": ");
    assertThatThrownBy(() -> encode(bytes, EndTokens.AUTO))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("tokenizer_config.json is not valid JSON");
  }
}
