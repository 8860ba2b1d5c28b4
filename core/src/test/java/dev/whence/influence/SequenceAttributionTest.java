package dev.whence.influence;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.whence.Progress;
import dev.whence.corpus.Corpus;
import dev.whence.corpus.Query;
import dev.whence.curvature.Curvature;
import dev.whence.curvature.Dense;
import dev.whence.model.LanguageModel;
import dev.whence.model.LayerSelection;
import dev.whence.model.Linear;
import dev.whence.run.Workbench;
import dev.whence.tensor.Device;
import dev.whence.tensor.Scope;
import dev.whence.trace.TokenBatch;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SequenceAttributionTest {
  private static final long SEED = 23;
  private static final int[] LENGTHS = {9, 2, 24, 2, 16, 5};

  @TempDir private Path folder;

  /** What is asked, and of what. */
  private record Setup(
      LanguageModel model, Corpus corpus, List<Linear> layers, PreconditionedQueries queries) {}

  private interface Check {
    void run(Setup setup);
  }

  private void with(int rank, Check check) {
    int[][] tokens = Workbench.documents(SEED + 1, 6, 9).values().toArray(int[][]::new);
    List<Query> queries = new ArrayList<>();
    for (int[] t : tokens) {
      int[] completion = Arrays.copyOfRange(t, 3, t.length);
      queries.add(new Query("q" + queries.size(), Arrays.copyOf(t, 3), completion, "", ""));
    }
    try (LanguageModel model = Workbench.model("gpt2");
        Corpus corpus = Workbench.corpus(folder, Workbench.documents(SEED, LENGTHS))) {
      List<Linear> layers = LayerSelection.MLP.of(model);
      List<Curvature> identity =
          layers.stream().<Curvature>map(_ -> new Curvature.Identity()).toList();
      try (PreconditionedQueries prepared =
          PreconditionedQueries.of(model, layers, queries, identity, rank, Progress.NONE)) {
        check.run(new Setup(model, corpus, layers, prepared));
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"0, 10", "0, 1000", "3, 10", "3, 1000"})
  void tokensAndLayersSumToTheScansScores(int rank, int batchTokens) {
    with(
        rank,
        s -> {
          List<Long> places = List.of(4L, 0L, 1L, 3L, 2L, 5L, 0L); // any order, and one twice
          List<SequenceAttribution.Pair> pairs = new ArrayList<>();
          places.forEach(place -> {
            pairs.add(new SequenceAttribution.Pair(1, place));
            pairs.add(new SequenceAttribution.Pair(0, place));
          });
          List<SequenceAttribution> all =
              SequenceAttribution.of(s.model, s.layers, s.queries, pairs, s.corpus, batchTokens);
          assertThat(all).hasSameSizeAs(pairs);
          for (int q = 0; q < 2; q++) {
            for (int p = 0; p < places.size(); p++) {
              String what = "query " + q + ", sequence " + places.get(p) + ", seed " + SEED;
              int place = Math.toIntExact(places.get(p));
              double[] layerwise =
                  scan(s, place, new InfluenceScan.Detail(true, true)).layerwise(q);
              Scored scored = scan(s, place, InfluenceScan.Detail.NONE);
              SequenceAttribution part = all.get(2 * p + 1 - q);
              assertThat(part.byToken()).as(what).hasSize(LENGTHS[place] - 1);
              assertThat(part.byLayer()).as(what).hasSize(4);
              assertThat(Dense.error(part.byLayer(), layerwise)).as(what).isLessThan(1e-10);
              double scale = 1e-11 * (1 + Math.abs(scored.influence[q]));
              assertThat(Arrays.stream(part.byToken()).sum())
                  .as(what)
                  .isCloseTo(scored.influence[q], within(scale));
              assertThat(Arrays.stream(part.byLayer()).sum())
                  .as(what)
                  .isCloseTo(scored.influence[q], within(scale));
            }
          }
        });
  }

  private record Scored(double[] influence, double[] perLayer, int layers) {
    double[] layerwise(int query) {
      return Arrays.copyOfRange(perLayer, query * layers, (query + 1) * layers);
    }
  }

  /** The scan's scores of one sequence, by the cheapest routes. */
  private static Scored scan(Setup s, int place, InfluenceScan.Detail detail) {
    try (Scope _ = Scope.open()) {
      InfluenceScan scan =
          new InfluenceScan(s.model, s.layers, Optional.of(s.queries), detail, Optional.empty());
      int[] tokens = s.corpus.sequence(place).tokens();
      InfluenceScan.Scores scores =
          scan.score(TokenBatch.of(List.of(TokenBatch.Row.whole(tokens, 0)), Device.CPU));
      return new Scored(
          scores.influence().orElseThrow().toDoubles(),
          scores.layerwise().map(t -> t.toDoubles()).orElse(new double[0]),
          s.layers.size());
    }
  }

  @Test
  void fullRankIsNoApproximationAndTheErrorShrinksWithTheRank() {
    double[][] whole = new double[LENGTHS.length][];
    with(0, s -> Arrays.setAll(whole, n -> scan(s, n, InfluenceScan.Detail.NONE).influence));
    double last = Double.POSITIVE_INFINITY;
    for (int rank : new int[] {1, 2, 4, 32, 1000}) {
      double[][] scores = new double[LENGTHS.length][];
      with(rank, s -> Arrays.setAll(scores, n -> scan(s, n, InfluenceScan.Detail.NONE).influence));
      double error = Dense.error(Dense.flat(scores), Dense.flat(whole));
      if (rank >= 32) { // the smaller side of every MLP layer
        assertThat(error).as("rank %d", rank).isLessThan(1e-10);
      } else {
        assertThat(error).as("rank %d, seed %d", rank, SEED).isBetween(1e-10, last);
        last = error;
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "5, true", // one position carries it all
    "0 -5 0, true",
    "1 0.1 0.1, true", // 1.01 / 1.2
    "1 1, true", // 1.41 / 2: two positions always are
    "3 -3, true",
    "1 -1 1, false", // 1.73 / 3
    "2 1 1, false", // 2.45 / 4
    "2 0.5 0.5, true", // 2.12 / 3
    "0.5 0.4 0.3 0.2, false",
    "0 0, false",
    "'', false",
  })
  void spikyMeansThatFewTokensCarryMostOfIt(String text, boolean expected) {
    double[] tokens =
        Arrays.stream(text.split(" "))
            .filter(t -> !t.isEmpty())
            .mapToDouble(Double::parseDouble)
            .toArray();
    assertThat(SequenceAttribution.of(new double[][] {tokens}).spiky()).isEqualTo(expected);
  }

  @Test
  void spikyLooksAtTheSumOverLayers() {
    double[][] cancelling = {{9, 9, 1}, {-8, -8, 0}};
    assertThat(SequenceAttribution.of(cancelling).spiky()).isFalse(); // 1 1 1
    double[][] adding = {{1, 1, 1}, {9, 0, 0}};
    assertThat(SequenceAttribution.of(adding).spiky()).isTrue(); // 10 1 1
    assertThat(SequenceAttribution.of(adding).byToken()).containsExactly(10, 1, 1);
    assertThat(SequenceAttribution.of(adding).byLayer()).containsExactly(3, 9);
  }
}
