package dev.whence.corpus;

import static dev.whence.corpus.Fixtures.open;
import static dev.whence.corpus.Fixtures.write;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.whence.InvalidInputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Collectors;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CorpusTest {
  @TempDir Path folder;

  @Test
  void documentsAreCutIntoConsecutiveSequencesThatPredictSomething() throws IOException {
    Path file =
        write(
            folder.resolve("c.jsonl"),
            """
            {"id": "a", "tokens": [1, 2, 3, 4, 5, 6, 7]}
            {"id": "b", "tokens": [1, 2, 3, 4, 5]}
            {"id": "none", "tokens": []}
            {"id": "é", "tokens": [8, 9, 10]}
            {"tokens": [11]}
            """);
    try (Corpus corpus = open(CorpusSource.of(file), tokens(3), cache())) {
      assertThat(shown(corpus))
          .containsExactly(
              "0 a 0 0 [1, 2, 3]",
              "1 a 1 3 [4, 5, 6]",
              "2 b 0 0 [1, 2, 3]",
              "3 b 1 3 [4, 5]",
              "4 é 0 0 [8, 9, 10]");
      assertThat(corpus.size()).isEqualTo(5);
      assertThat(corpus.documents()).isEqualTo(5);
      assertThat(corpus.maximumLength()).isEqualTo(3);
      assertThat(corpus.totalPositions()).isEqualTo(2 + 2 + 2 + 1 + 2);
      assertThat(corpus.malformed()).isZero();
    }
  }

  @RepeatedTest(10)
  void sequencesJoinToTheirDocuments() throws IOException {
    long seed = new Random().nextLong();
    var random = new Random(seed);
    int length = 2 + random.nextInt(9);
    List<int[]> documents = new ArrayList<>();
    for (int i = random.nextInt(60); i >= 0; i--) {
      documents.add(random.ints(1 + random.nextInt(40), 0, 1000).toArray());
    }
    Path file = write(folder.resolve("c.jsonl"), jsonLines(documents));
    try (Corpus corpus = open(CorpusSource.of(file), tokens(length), cache())) {
      long index = 0;
      for (int d = 0; d < documents.size(); d++) {
        int[] expected = documents.get(d);
        for (int at = 0, k = 0; at < expected.length - 1; at += length, k++, index++) {
          Sequence sequence = corpus.sequence(index);
          assertThat(sequence.tokens())
              .as("seed " + seed)
              .isEqualTo(Arrays.copyOfRange(expected, at, Math.min(at + length, expected.length)));
          assertThat(sequence.documentId()).isEqualTo("c.jsonl:" + (d + 1));
          assertThat(sequence.sequenceIndex()).isEqualTo(k);
          assertThat(sequence.tokenOffset()).isEqualTo(at);
          assertThat(corpus.length(index)).isEqualTo(sequence.tokens().length);
        }
      }
      assertThat(corpus.size()).as("seed " + seed).isEqualTo(index);
    }
  }

  @Test
  void textAndTokensKeepTheirOrderAndMeaning() throws IOException {
    String lines = "";
    for (int i = 0; i < 5000; i++) { // more than the builder encodes at once
      lines +=
          i % 3 == 0
              ? "{\"tokens\": [7, %d]}\n".formatted(i % 400)
              : "{\"text\": \"cat %d\"}\n".formatted(i);
    }
    Path file = write(folder.resolve("c.jsonl"), lines);
    try (Tokenizer tokenizer = Tokenizer.load(Fixtures.TOKENIZER);
        Corpus corpus =
            open(
                CorpusSource.of(file),
                new Tokenization(Optional.of(tokenizer), 64, tokenizer.vocabularySize()),
                cache())) {
      assertThat(corpus.size()).isEqualTo(5000);
      for (int i = 0; i < 5000; i++) {
        Sequence sequence = corpus.sequence(i);
        assertThat(sequence.documentId()).isEqualTo("c.jsonl:" + (i + 1));
        int[] expected = i % 3 == 0 ? new int[] {7, i % 400} : tokenizer.encode("cat " + i);
        assertThat(sequence.tokens()).isEqualTo(expected);
      }
    }
  }

  @Test
  void malformedLinesAreCountedAndTheFirstFiveNamed() throws IOException {
    Path file =
        write(
            folder.resolve("c.jsonl"),
            "{\"tokens\": [1, 2]}\n{\"tokens\": [1000]}\n{\"tokens\": [-1]}\n"
                + "\u001B[2J?\n".repeat(7));
    assertThatThrownBy(() -> open(CorpusSource.of(file), tokens(4), cache()))
        .isInstanceOf(InvalidInputException.class)
        .message()
        .contains("9 malformed lines", "--skip-malformed", "and 4 more")
        .contains("token id 1000 is outside the model's vocabulary of 1000", "token id -1")
        .contains(file + ":2", file + ":6")
        .doesNotContain(file + ":7", "\u001B");
    try (Corpus corpus = open(CorpusSource.of(file).skippingMalformed(), tokens(4), cache())) {
      assertThat(corpus.malformed()).isEqualTo(9);
      assertThat(corpus.documents()).isEqualTo(1);
      assertThat(shown(corpus)).containsExactly("0 c.jsonl:1 0 0 [1, 2]");
    }
  }

  @Test
  void textWithoutATokenizerIsToldWhatIsMissing() throws IOException {
    Path file = write(folder.resolve("c.txt"), "the cat");
    assertThatThrownBy(() -> open(CorpusSource.of(file), tokens(4), cache()))
        .isInstanceOf(InvalidInputException.class)
        .message()
        .contains(file.toString(), "tokenizer.json");
  }

  @Test
  void corpusWithoutTokensIsRefusedAndNotCached() throws IOException {
    Path file = write(folder.resolve("c.jsonl"), "{\"tokens\": []}\n\n");
    assertThatThrownBy(() -> open(CorpusSource.of(file), tokens(4), cache()))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("no sequence of two tokens");
    try (var left = Files.list(cache())) {
      assertThat(left).isEmpty();
    }
  }

  @Test
  void indexesOutsideTheCorpusAndUseAfterCloseAreErrors() throws IOException {
    Path file = write(folder.resolve("c.jsonl"), "{\"tokens\": [1, 2]}\n");
    Corpus corpus = open(CorpusSource.of(file), tokens(4), cache());
    assertThatThrownBy(() -> corpus.sequence(1)).isInstanceOf(IndexOutOfBoundsException.class);
    assertThatThrownBy(() -> corpus.length(-1)).isInstanceOf(IndexOutOfBoundsException.class);
    corpus.close();
    corpus.close();
    assertThatThrownBy(() -> corpus.sequence(0)).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void sequencesTooShortToPredictAnythingAreRefused() {
    assertThatThrownBy(() -> tokens(1)).isInstanceOf(InvalidInputException.class);
  }

  private Path cache() {
    return folder.resolve("cache");
  }

  private static Tokenization tokens(int sequenceLength) {
    return new Tokenization(Optional.empty(), sequenceLength, 1000);
  }

  private static String jsonLines(List<int[]> documents) {
    return documents.stream()
        .map(tokens -> "{\"tokens\": " + Arrays.toString(tokens) + "}\n")
        .collect(Collectors.joining());
  }

  private static List<String> shown(Corpus corpus) {
    List<String> shown = new ArrayList<>();
    for (long i = 0; i < corpus.size(); i++) {
      Sequence s = corpus.sequence(i);
      shown.add(
          "%d %s %d %d %s"
              .formatted(
                  s.index(),
                  s.documentId(),
                  s.sequenceIndex(),
                  s.tokenOffset(),
                  Arrays.toString(s.tokens())));
    }
    return shown;
  }
}
