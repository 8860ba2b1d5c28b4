package dev.whence.lab.evaluation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.whence.lab.data.TokenSequences;
import dev.whence.search.Bm25;
import dev.whence.tensor.Device;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Compares with the formula of BM25, computed by loops. */
class LexicalScoresTest {
  private static final long SEED = 8;
  private static final int VOCABULARY = 12;

  private static List<int[]> sequences(Random random, int count) {
    return IntStream.range(0, count)
        .mapToObj(_ -> random.ints(2 + random.nextInt(7), 0, VOCABULARY).toArray())
        .toList();
  }

  @Test
  void scoresAreThoseOfTheFormula() {
    Random random = new Random(SEED);
    List<int[]> training = sequences(random, 15);
    List<int[]> queries = sequences(random, 4);
    double[][] scores =
        LexicalScores.of(
            TokenSequences.whole(training, Device.CPU),
            TokenSequences.whole(queries, Device.CPU),
            Bm25.PLAIN);
    assertThat(scores).hasDimensions(4, 15);
    for (int q = 0; q < 4; q++) {
      for (int s = 0; s < 15; s++) {
        assertThat(scores[q][s])
            .as("query %d, sequence %d", q, s)
            .isCloseTo(score(queries.get(q), training.get(s), training), within(1e-4));
      }
    }
  }

  private static double score(int[] query, int[] sequence, List<int[]> all) {
    double mean = all.stream().mapToInt(tokens -> tokens.length).average().orElseThrow();
    double k1 = Bm25.PLAIN.k1();
    double b = Bm25.PLAIN.b();
    double sum = 0;
    for (int term : query) {
      double having = all.stream().filter(tokens -> count(tokens, term) > 0).count();
      double idf = Math.log((all.size() - having + 0.5) / (having + 0.5) + 1);
      double f = count(sequence, term);
      sum += idf * (k1 + 1) * f / (k1 * (1 - b + b * sequence.length / mean) + f);
    }
    return sum;
  }

  private static long count(int[] sequence, int term) {
    return Arrays.stream(sequence).filter(token -> token == term).count();
  }
}
