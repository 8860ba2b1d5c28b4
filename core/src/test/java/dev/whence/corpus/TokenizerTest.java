package dev.whence.corpus;

import static dev.whence.corpus.Fixtures.write;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.whence.InvalidInputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.json.JsonMapper;

class TokenizerTest {
  private static final Tokenizer BYTES = Tokenizer.load(Fixtures.TOKENIZER);
  private static final Tokenizer UNIGRAM = Tokenizer.load(Fixtures.UNIGRAM);
  private static final String END_OF_TEXT = "<|endoftext|>";

  @AfterAll
  static void close() {
    BYTES.close();
    UNIGRAM.close();
  }

  @Test
  void specialTokensAreAddedAsThePostProcessorSays() {
    int[] tokens = BYTES.encode("the cat");
    assertThat(tokens).hasSizeGreaterThan(2).startsWith(0).endsWith(0);
    assertThat(BYTES.decode(tokens)).isEqualTo(END_OF_TEXT + "the cat" + END_OF_TEXT);
  }

  @Test
  void plainTextHasNoSpecialTokens() {
    assertThat(BYTES.plainText(BYTES.encode("the cat é😀"))).isEqualTo("the cat é😀");
    assertThat(UNIGRAM.plainText(UNIGRAM.encode("the cat"))).isEqualTo("the cat");
    assertThat(BYTES.plainText(new int[0])).isEmpty();
  }

  @Test
  void textIsNeitherTruncatedNorPaddedThoughTheFileAsksForIt() throws IOException {
    assertThat(Files.readString(Fixtures.TOKENIZER)).contains("\"truncation\":{", "\"padding\":{");
    assertThat(BYTES.encode("a")).hasSize(3);
    String text = "the cat sat ".repeat(20_000);
    int[] tokens = BYTES.encode(text);
    assertThat(tokens).hasSizeGreaterThan(20_000);
    assertThat(BYTES.decode(tokens)).isEqualTo(END_OF_TEXT + text + END_OF_TEXT);
  }

  @Test
  void batchesEncodeAsSingleTextsDo() {
    List<String> texts = List.of("the cat", "", "é😀\0", "the dog ran to the river");
    int[][] batch = BYTES.encodeAll(texts);
    for (int i = 0; i < texts.size(); i++) {
      assertThat(batch[i]).isEqualTo(BYTES.encode(texts.get(i)));
    }
    assertThat(BYTES.encodeAll(List.of())).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      ignoreLeadingAndTrailingWhitespace = false,
      value = {
        "the cat sat on| the mat",
        "the cat sat on |the mat",
        "😀😀| 😀 the",
        "cafe\u0301 |e\u0301te\u0301",
        "👩‍👩‍👧 and the| river 👩‍👩‍👧",
        "日本語|の水",
        "``|the mat",
        "the cat|``",
        "``|``",
        "the\0 cat|\0 sat",
      })
  void completionStartsWhereThePromptEnds(String prompt, String completion) {
    Tokenizer.Completion tokens = BYTES.encode(prompt, completion);
    int[] both = concatenation(tokens.prompt(), tokens.completion());
    int[] whole = BYTES.encode(prompt + completion);
    if (!(prompt + completion).isEmpty()) {
      assertThat(both).isEqualTo(Arrays.copyOf(whole, whole.length - 1));
    }
    String promptText = BYTES.decode(tokens.prompt());
    String completionText = BYTES.decode(tokens.completion());
    // A space may merge with the word after it; nothing else can cross the boundary.
    String start = both.length == 0 ? "" : END_OF_TEXT; // no text at all has no start either
    assertThat(promptText).isIn(start + prompt, start + prompt.stripTrailing());
    assertThat(completionText).isIn(completion, " " + completion);
  }

  @Test
  void tokenThatSpansTheBoundaryIsTheCompletions() {
    Tokenizer.Completion tokens = BYTES.encode("on th", "e");
    assertThat(BYTES.decode(tokens.prompt())).isEqualTo(END_OF_TEXT + "on");
    assertThat(BYTES.decode(tokens.completion())).isEqualTo(" the");
  }

  @Test
  void specialTokenWrittenInTheCompletionStays() {
    Tokenizer.Completion tokens = BYTES.encode("the", " cat" + END_OF_TEXT);
    assertThat(BYTES.decode(tokens.completion())).isEqualTo(" cat" + END_OF_TEXT);
  }

  @Test
  void unigramCompletionLosesItsEndTokenAndKeepsItsWords() {
    Tokenizer.Completion tokens = UNIGRAM.encode("the cat", " sat on");
    assertThat(UNIGRAM.decode(tokens.prompt())).isEqualTo("the cat");
    assertThat(UNIGRAM.decode(tokens.completion())).isEqualTo("sat on");
    assertThat(UNIGRAM.decode(UNIGRAM.encode("the cat"))).endsWith("</s>");
  }

  @Test
  void promptsOfEmojiAreCountedInCodePoints() {
    // NFKC changes lengths and emoji have two UTF-16 units: any count but the original's code
    // points is off.
    Tokenizer.Completion tokens = UNIGRAM.encode("😀😀 ﬁ the", " cat");
    assertThat(UNIGRAM.decode(tokens.completion())).isEqualTo("cat");
  }

  @Test
  void unpairedSurrogatesAreRefusedAndNotReplaced() {
    assertThatThrownBy(() -> BYTES.encode("a\uD83D")).isInstanceOf(InvalidInputException.class);
    assertThatThrownBy(() -> BYTES.encode("a\uD83D", "\uDE00"))
        .isInstanceOf(InvalidInputException.class);
  }

  @Test
  void vocabularyCountsAddedTokens() throws IOException {
    assertThat(BYTES.vocabularySize()).isEqualTo(400);
    assertThat(UNIGRAM.vocabularySize()).isEqualTo(105);
    String gap =
        "{\"model\": {\"vocab\": {\"a\": 3, \"b\": 9}}, \"added_tokens\": [{\"id\": 20}, {\"id\":"
            + " 4}]}";
    assertThat(VocabularySize.in(new JsonMapper().readTree(gap))).isEqualTo(21);
  }

  @Test
  void piecesOfACharacterGoToTheTokenThatCompletesIt() {
    int[] tokens = BYTES.encode("a😀b");
    assertThat(BYTES.pieces(tokens))
        .containsExactly(END_OF_TEXT, "a", "", "", "", "😀", "b", END_OF_TEXT);
  }

  @Test
  void piecesOfWordsKeepTheirSpaces() {
    int[] tokens = UNIGRAM.encode("the cat sat on the mat");
    assertThat(String.join("", UNIGRAM.pieces(tokens))).isEqualTo(UNIGRAM.decode(tokens));
    assertThat(UNIGRAM.pieces(tokens)).startsWith("the", " c").contains(" the");
  }

  @RepeatedTest(20)
  void piecesJoinToTheTextWhateverTheTokens() {
    long seed = new Random().nextLong();
    var random = new Random(seed);
    for (Tokenizer tokenizer : List.of(BYTES, UNIGRAM)) {
      // Small ids of the byte tokenizer are single bytes: mostly not characters.
      int[] tokens =
          random.ints(random.nextInt(200), 0, random.nextBoolean() ? 105 : 400).toArray();
      List<String> pieces = tokenizer.pieces(tokens);
      assertThat(pieces).as("seed " + seed).hasSameSizeAs(tokens);
      assertThat(String.join("", pieces)).as("seed " + seed).isEqualTo(tokenizer.decode(tokens));
    }
  }

  @Test
  void piecesAfterACutCharacterAreTheirTokensOwn() {
    int[] whole = BYTES.encode("日the cat sat on the mat");
    int[] cut = Arrays.copyOfRange(whole, 3, whole.length); // starts inside the character
    List<String> pieces = BYTES.pieces(cut);
    assertThat(String.join("", pieces)).isEqualTo(BYTES.decode(cut)).contains("\uFFFD");
    assertThat(pieces).contains(" cat", " mat");
  }

  @Test
  void filesThatAreNoTokenizerAreNamed(@TempDir Path folder) throws IOException {
    assertThatThrownBy(() -> Tokenizer.load(folder.resolve("tokenizer.json")))
        .isInstanceOf(InvalidInputException.class)
        .message()
        .contains("does not exist", "save_pretrained");
    for (String json :
        List.of("", "{}", "nonsense", "{\"model\": {\"vocab\": {}}}", "[".repeat(100_000))) {
      Path file = write(folder.resolve("tokenizer.json"), json);
      assertThatThrownBy(() -> Tokenizer.load(file))
          .isInstanceOf(InvalidInputException.class)
          .hasMessageContaining(file.toString());
    }
  }

  private static int[] concatenation(int[] a, int[] b) {
    int[] both = Arrays.copyOf(a, a.length + b.length);
    System.arraycopy(b, 0, both, a.length, b.length);
    return both;
  }
}
