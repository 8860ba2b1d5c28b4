package dev.whence.influence;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.whence.curvature.Dense;
import dev.whence.influence.TopInfluences.Entry;
import dev.whence.tensor.Scope;
import dev.whence.tensor.Tensor;
import dev.whence.tensor.Tensors;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TopInfluencesTest {
  private static final int QUERIES = 3;

  @ParameterizedTest
  @CsvSource({"1, 40, 1", "2, 40, 5", "3, 40, 39", "4, 40, 100", "5, 1, 2", "6, 400, 10"})
  void keptAreTheFirstOfAllSorted(long seed, int sequences, int limit) {
    Random random = new Random(seed);
    double[][] scores = scores(random, sequences);
    TopInfluences top = new TopInfluences(QUERIES, limit);
    addInAnyOrder(top, scores, random);
    assertSorted(top, scores, limit, seed);
  }

  @ParameterizedTest
  @CsvSource({"7, 1", "8, 4", "9, 60"})
  void savedAndTakenUpInTheMiddleChangesNothing(long seed, int limit) {
    Random random = new Random(seed);
    double[][] scores = scores(random, 50);
    TopInfluences first = new TopInfluences(QUERIES, limit);
    TopInfluences second = new TopInfluences(QUERIES, limit);
    try (Scope _ = Scope.open()) {
      for (int n = 0; n < 50; n++) {
        if (n == 30) {
          var saved = first.toTensors();
          second.addAll(get(saved, "query"), get(saved, "place"), get(saved, "influence"));
        }
        (n < 30 ? first : second).add(new long[] {n}, Tensors.of(scores[n], 1, QUERIES));
      }
    }
    assertSorted(second, scores, limit, seed);
  }

  @Test
  void nothingKeptIsSavedAsNothing() {
    TopInfluences top = new TopInfluences(1, 5);
    try (Scope _ = Scope.open()) {
      top.add(new long[] {0, 1}, Tensors.of(new double[] {0, -0.0}, 2, 1));
      assertThat(top.raising(0)).isEmpty();
      assertThat(top.lowering(0)).isEmpty();
      var saved = top.toTensors();
      assertThat(saved).containsOnlyKeys("query", "place", "influence");
      saved.values().forEach(t -> assertThat(t.elements()).isZero());
    }
  }

  @Test
  void influenceThatIsNotANumberIsAnErrorAndNotLeftOut() {
    TopInfluences top = new TopInfluences(1, 5);
    try (Scope _ = Scope.open()) {
      Tensor scores = Tensors.of(new double[] {1, Double.NaN}, 2, 1);
      assertThatThrownBy(() -> top.add(new long[] {6, 7}, scores))
          .isInstanceOf(ArithmeticException.class)
          .hasMessageContaining("sequence 7");
    }
  }

  @Test
  void equalScoresGoToTheEarlierSequenceWhateverCameFirst() {
    for (long[] order : new long[][] {{1, 2, 3, 4}, {4, 3, 2, 1}, {3, 1, 4, 2}}) {
      TopInfluences top = new TopInfluences(1, 2);
      try (Scope _ = Scope.open()) {
        top.add(order, Tensors.of(new double[] {5, 5, 5, 5}, 4, 1));
        top.add(order, Tensors.of(new double[] {-5, -5, -5, -5}, 4, 1));
      }
      assertThat(top.raising(0)).containsExactly(new Entry(1, 5), new Entry(2, 5));
      assertThat(top.lowering(0)).containsExactly(new Entry(1, -5), new Entry(2, -5));
    }
  }

  private static Tensor get(Map<String, Tensor> saved, String name) {
    return Objects.requireNonNull(saved.get(name), name);
  }

  /** Few different values, so that many are equal; some zeros. */
  private static double[][] scores(Random random, int sequences) {
    double[][] scores = new double[sequences][QUERIES];
    for (double[] row : scores) {
      for (int q = 0; q < QUERIES; q++) {
        row[q] = (random.nextInt(21) - 10) / 4.0 * (q + 1);
      }
    }
    return scores;
  }

  /** Batches of one to five sequences, shuffled. */
  private static void addInAnyOrder(TopInfluences top, double[][] scores, Random random) {
    List<Long> places = new ArrayList<>(LongStream.range(0, scores.length).boxed().toList());
    Collections.shuffle(places, random);
    for (int start = 0; start < scores.length; ) {
      int end = Math.min(scores.length, start + 1 + random.nextInt(5));
      long[] batch = places.subList(start, end).stream().mapToLong(p -> p).toArray();
      double[][] rows = new double[batch.length][];
      for (int b = 0; b < batch.length; b++) {
        rows[b] = scores[(int) batch[b]];
      }
      try (Scope _ = Scope.open()) {
        top.add(batch, Dense.tensor(rows));
      }
      start = end;
    }
  }

  private static void assertSorted(TopInfluences top, double[][] scores, int limit, long seed) {
    for (int q = 0; q < QUERIES; q++) {
      List<Entry> all = new ArrayList<>();
      for (int n = 0; n < scores.length; n++) {
        all.add(new Entry(n, scores[n][q]));
      }
      // A stable sort keeps equal ones in the corpus's order.
      List<Entry> raising =
          all.stream()
              .filter(e -> e.influence() > 0)
              .sorted(Comparator.comparingDouble(e -> -e.influence()))
              .limit(limit)
              .toList();
      List<Entry> lowering =
          all.stream()
              .filter(e -> e.influence() < 0)
              .sorted(Comparator.comparingDouble(Entry::influence))
              .limit(limit)
              .toList();
      assertThat(top.raising(q)).as("query %d, seed %d", q, seed).isEqualTo(raising);
      assertThat(top.lowering(q)).as("query %d, seed %d", q, seed).isEqualTo(lowering);
    }
  }
}
