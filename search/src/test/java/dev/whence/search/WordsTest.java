package dev.whence.search;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.whence.InvalidInputException;
import dev.whence.Progress;
import dev.whence.corpus.Corpus;
import dev.whence.corpus.Tokenizer;
import dev.whence.search.SequenceIndex.Match;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WordsTest {
  private static final String[] WORDS =
      "the of a dog Dog bird house garden RIVER stone winter summer".split(" ");

  @TempDir private Path folder;
  private Optional<Tokenizer> tokenizer = Optional.empty();

  @BeforeEach
  void loadTheTokenizer() {
    tokenizer = Optional.of(new Library(folder).tokenizer());
  }

  @AfterEach
  void closeTheTokenizer() {
    tokenizer.ifPresent(Tokenizer::close);
  }

  @ParameterizedTest
  @ValueSource(longs = {11, 12, 13})
  void scoresAreThoseOfALoopOverWords(long seed) {
    Random random = new Random(seed);
    List<String> documents = new ArrayList<>();
    for (int d = 0; d < 80; d++) {
      documents.add(sentence(random, 1 + random.nextInt(10)));
    }
    try (Corpus corpus = corpus(documents);
        SequenceIndex index = index(corpus)) {
      assertThat(corpus.size()).as("no document is cut").isEqualTo(80);
      LoopBm25<String> loop = new LoopBm25<>(documents.stream().map(WordsTest::words).toList());
      for (int q = 0; q < 10; q++) {
        String query = sentence(random, 1 + random.nextInt(8));
        List<Match> actual = index.best(tokens(query), Bm25.PLAIN, 1000);
        List<Match> expected = loop.best(words(query), 1.2, 0.75);
        assertThat(actual).as("seed %d, '%s'", seed, query).hasSameSizeAs(expected);
        for (Match match : actual) {
          double own = loop.score(words(query), (int) match.place(), 1.2, 0.75);
          assertThat((double) match.score())
              .as("seed %d, '%s'", seed, query)
              .isEqualTo(own, within(own * 3e-7));
        }
      }
    }
  }

  private static String sentence(Random random, int length) {
    return random
        .ints(length, 0, WORDS.length)
        .mapToObj(w -> WORDS[w])
        .collect(Collectors.joining(random.nextBoolean() ? " " : ", "));
  }

  private static List<String> words(String text) {
    return Arrays.asList(text.toLowerCase(Locale.ROOT).split(",? "));
  }

  @Test
  void hostileTextIsIndexedAndFound() {
    List<String> documents =
        List.of(
            "\u0000\u0001\u001b[31m control",
            "x".repeat(40),
            "日本語 テキスト",
            "עברית العربية",
            "👩‍👩‍👧 e\u0301\u0301\u0301 \uFFFD \u202E",
            "+-&&||!(){}[]^\"~*?:\\/ AND OR NOT field:terms^9",
            " \n\t ",
            "ordinary");
    try (Corpus corpus = corpus(documents);
        SequenceIndex index = index(corpus)) {
      for (int d : new int[] {0, 1, 2, 3, 5, 7}) {
        assertThat(index.best(tokens(documents.get(d)), Bm25.MODIFIED, 1))
            .as(documents.get(d))
            .first()
            .extracting(Match::place)
            .isEqualTo((long) d);
      }
      assertThat(index.best(tokens(documents.get(6)), Bm25.MODIFIED, 1)).isEmpty();
    }
  }

  @Test
  void wordOfFortyThousandLettersIsNoFailure() {
    try (Corpus corpus = corpus(List.of("z".repeat(40_000), "short"));
        SequenceIndex index = index(corpus)) {
      assertThat(index.best(tokens("short"), Bm25.PLAIN, 5)).hasSize(1);
    }
  }

  @Test
  void wordsWithoutATokenizerAreRefused() {
    try (Corpus corpus = corpus(List.of("a"))) {
      assertThatThrownBy(() ->
              SequenceIndex.build(
                  corpus,
                  TermKind.WORDS,
                  Optional.empty(),
                  folder.resolve("index"),
                  false,
                  Progress.NONE))
          .isInstanceOf(InvalidInputException.class)
          .hasMessageContaining("tokenizer.json");
      assertThat(folder.resolve("index")).doesNotExist();
    }
  }

  private Corpus corpus(List<String> documents) {
    return new Library(folder).texts("corpus", tokenizer.orElseThrow(), documents);
  }

  private SequenceIndex index(Corpus corpus) {
    Path out = folder.resolve("index");
    SequenceIndex.build(corpus, TermKind.WORDS, tokenizer, out, false, Progress.NONE);
    return SequenceIndex.open(out, corpus, tokenizer);
  }

  private int[] tokens(String text) {
    return tokenizer.orElseThrow().encode(text);
  }
}
