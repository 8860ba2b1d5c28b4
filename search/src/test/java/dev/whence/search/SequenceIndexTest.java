package dev.whence.search;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.whence.corpus.Corpus;
import dev.whence.search.SequenceIndex.Match;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SequenceIndexTest {
  @TempDir private Path folder;

  @ParameterizedTest
  @CsvSource({
    "1, 200, 30, 1000",
    "2, 60, 400, 10",
    "3, 400, 5, 50",
    "4, 1, 20, 5",
    "5, 2, 3, 1",
    "6, 150, 2000, 1000"
  })
  void scoresAreThoseOfALoopOverEverySequence(long seed, int documents, int vocabulary, int count) {
    Random random = new Random(seed);
    List<int[]> texts = new ArrayList<>();
    for (int d = 0; d < documents; d++) {
      texts.add(Library.zipf(random, 1 + random.nextInt(90), vocabulary));
    }
    Library library = new Library(folder);
    try (Corpus corpus = library.tokens("corpus", texts);
        SequenceIndex index = library.index("index", corpus)) {
      LoopBm25<Integer> loop = LoopBm25.of(corpus);
      for (int q = 0; q < 4; q++) {
        int[] query = Library.zipf(random, 1 + random.nextInt(30), vocabulary);
        assertBest(index.best(query, Bm25.MODIFIED, count), loop, query, count, 1.5, 0, seed);
        assertBest(index.best(query, Bm25.PLAIN, count), loop, query, count, 1.2, 0.75, seed);
      }
    }
  }

  private static void assertBest(
      List<Match> actual,
      LoopBm25<Integer> loop,
      int[] query,
      int count,
      double k1,
      double b,
      long seed) {
    List<Match> expected = loop.best(LoopBm25.boxed(query), k1, b);
    String what = "seed %d, query %s".formatted(seed, Arrays.toString(query));
    assertThat(actual).as(what).hasSize(Math.min(count, expected.size()));
    for (int i = 0; i < actual.size(); i++) {
      Match match = actual.get(i);
      double own = loop.score(LoopBm25.boxed(query), (int) match.place(), k1, b);
      assertThat((double) match.score()).as(what).isEqualTo(own, within(own * 3e-7));
      // The i-th best, whichever of several equal ones it is.
      assertThat(match.score())
          .as(what)
          .isEqualTo(expected.get(i).score(), within(expected.get(i).score() * 3e-7f));
      if (i > 0 && match.score() == actual.get(i - 1).score()) {
        assertThat(match.place()).as(what).isGreaterThan(actual.get(i - 1).place());
      }
    }
  }

  @Test
  void equalSequencesAreTakenInTheOrderOfTheCorpus() {
    List<int[]> documents = new ArrayList<>(Collections.nCopies(500, new int[] {1, 2, 3}));
    documents.set(400, new int[] {1, 1, 2});
    Library library = new Library(folder);
    try (Corpus corpus = library.tokens("corpus", documents);
        SequenceIndex index = library.index("index", corpus)) {
      assertThat(places(index.best(new int[] {1}, Bm25.MODIFIED, 5)))
          .containsExactly(400L, 0L, 1L, 2L, 3L);
      assertThat(places(index.best(new int[] {3, 2}, Bm25.PLAIN, 3))).containsExactly(0L, 1L, 2L);
    }
  }

  @Test
  void termThatTheQueryRepeatsCountsAsOftenAsItOccurs() {
    Library library = new Library(folder);
    try (Corpus corpus =
            library.tokens(
                "corpus", List.of(new int[] {1, 4}, new int[] {2, 5}, new int[] {3, 6}));
        SequenceIndex index = library.index("index", corpus)) {
      float once = index.best(new int[] {2}, Bm25.MODIFIED, 1).getFirst().score();
      float thrice = index.best(new int[] {2, 2, 2}, Bm25.MODIFIED, 1).getFirst().score();
      assertThat(thrice).isEqualTo(3 * once, within(1e-6f));
    }
  }

  @Test
  void emptyQueriesAndUnknownTokensMatchNothing() {
    Library library = new Library(folder);
    try (Corpus corpus = library.tokens("corpus", List.of(new int[] {1, 2}));
        SequenceIndex index = library.index("index", corpus)) {
      assertThat(index.best(new int[0], Bm25.MODIFIED, 5)).isEmpty();
      assertThat(index.best(new int[] {7, 99_999}, Bm25.PLAIN, 5)).isEmpty();
      assertThat(places(index.best(new int[] {7, 2}, Bm25.PLAIN, 5))).containsExactly(0L);
    }
  }

  @Test
  void queryOfTenThousandDifferentTokensIsNotTooLong() {
    List<int[]> documents =
        List.of(
            new int[] {5, 9_999}, new int[] {20_000, 20_001}, IntStream.range(40, 90).toArray());
    Library library = new Library(folder);
    try (Corpus corpus = library.tokens("corpus", documents);
        SequenceIndex index = library.index("index", corpus)) {
      int[] query = IntStream.range(0, 10_000).toArray();
      assertThat(places(index.best(query, Bm25.MODIFIED, 10))).containsExactly(2L, 0L);
    }
  }

  @Test
  void placesAreThoseOfTheCorpusAfterManyMerges() {
    List<int[]> documents =
        IntStream.range(0, 3000).mapToObj(d -> new int[] {d + 10, d % 10}).toList();
    Library library = new Library(folder);
    try (Corpus corpus = library.tokens("corpus", documents);
        SequenceIndex index = library.index("index", corpus)) {
      for (int place = 0; place < 3000; place++) {
        assertThat(places(index.best(new int[] {place + 10}, Bm25.MODIFIED, 2)))
            .containsExactly((long) place);
      }
    }
  }

  private static List<Long> places(List<Match> matches) {
    return matches.stream().map(Match::place).toList();
  }
}
