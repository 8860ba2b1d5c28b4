package dev.whence.results;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.whence.attribution.AttributionSettings;
import dev.whence.attribution.Bench;
import dev.whence.corpus.Query;
import dev.whence.corpus.Sequence;
import dev.whence.results.ResultsFolder.Influence;
import dev.whence.results.ResultsFolder.LayerInfluence;
import dev.whence.results.ResultsFolder.TokenInfluence;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The tables against the score matrix. */
class ResultTablesTest {
  @TempDir private Path folder;

  @ParameterizedTest
  @CsvSource({"3, 0", "100, 0", "4, 2"})
  void topSequencesAreTheFirstOfAllScoresSorted(int top, int rank) {
    try (Bench bench = Bench.open(folder)) {
      ResultsFolder results = bench.attribute("out", Bench.ALL.withTop(top).withRank(rank));
      double[] scores = Bench.scores(results, "influence");
      int n = (int) bench.corpus().size();
      assertThat(scores).hasSize(3 * n);
      for (int q = 0; q < 3; q++) {
        double[] row = Arrays.copyOfRange(scores, q * n, (q + 1) * n);
        String id = Bench.queries().get(q).id();
        List<Integer> raising =
            IntStream.range(0, n)
                .filter(i -> row[i] > 0)
                .boxed()
                .sorted(Comparator.comparingDouble(i -> -row[i]))
                .limit(top)
                .toList();
        List<Integer> lowering =
            IntStream.range(0, n)
                .filter(i -> row[i] < 0)
                .boxed()
                .sorted(Comparator.comparingDouble(i -> row[i]))
                .limit(top)
                .toList();
        assertThat(raising.size() + lowering.size()).isLessThanOrEqualTo(20).isGreaterThan(4);
        check(bench, results.raising(id, 1000), raising, row, 1);
        check(bench, results.lowering(id, 1000), lowering, row, -1);
        assertThat(results.raising(id, 2)).isEqualTo(results.raising(id, 1000).subList(0, 2));
        assertThat(results.lowering(id, 2)).isEqualTo(results.lowering(id, 1000).subList(0, 2));
      }
    }
  }

  private static void check(
      Bench bench, List<Influence> actual, List<Integer> expected, double[] row, int sign) {
    assertThat(actual).hasSameSizeAs(expected);
    for (int e = 0; e < expected.size(); e++) {
      Sequence sequence = bench.corpus().sequence(expected.get(e));
      Influence influence = actual.get(e);
      assertThat(influence.documentId()).isEqualTo(sequence.documentId());
      assertThat(influence.sequenceIndex()).isZero();
      assertThat(influence.tokenOffset()).isZero();
      assertThat(influence.rank()).isEqualTo(sign * (e + 1));
      assertThat(influence.influence()).isEqualTo(row[expected.get(e)]);
      assertThat(influence.text())
          .isEqualTo(
              Arrays.stream(sequence.tokens())
                  .mapToObj(t -> "" + t)
                  .collect(Collectors.joining(" ")));
    }
  }

  @ParameterizedTest
  @CsvSource({"0, 1", "0, 4096", "2, 4096"})
  void tokensAndLayersSumToTheInfluenceAndAreThoseOfTheMatrix(int rank, int batchTokens) {
    try (Bench bench = Bench.open(folder)) {
      AttributionSettings settings =
          Bench.ALL.withRank(rank).computing(c -> c.withBatchTokens(batchTokens));
      ResultsFolder results = bench.attribute("out", settings);
      double[] tokenwise = Bench.scores(results, "tokenwise");
      double[] layerwise = Bench.scores(results, "layerwise");
      int n = (int) bench.corpus().size();
      for (int q = 0; q < 3; q++) {
        String id = Bench.queries().get(q).id();
        double[] byLayer = new double[2];
        for (Influence influence : results.raising(id, 1000)) {
          int place = Integer.parseInt(influence.documentId().substring(1));
          List<TokenInfluence> tokens = results.tokens(id, influence.rank());
          int length = bench.corpus().length(place);
          assertThat(tokens).hasSize(length);
          assertThat(tokens.getLast().influence()).as("predicts nothing").isZero();
          assertThat(tokens.stream().map(TokenInfluence::token).collect(Collectors.joining()))
              .isEqualTo(influence.text());
          double scale = 1e-11 * Math.max(1, Math.abs(influence.influence()));
          assertThat(tokens.stream().mapToDouble(TokenInfluence::influence).sum())
              .isCloseTo(influence.influence(), within(scale));
          for (int t = 0; t < 23; t++) {
            double expected = tokenwise[(q * n + place) * 23 + t];
            double actual = t < length ? tokens.get(t).influence() : 0;
            assertThat(actual).as("position %d", t).isCloseTo(expected, within(scale));
          }
          for (int l = 0; l < 2; l++) {
            byLayer[l] += layerwise[(q * n + place) * 2 + l];
          }
        }
        List<LayerInfluence> shares = results.layerShares(id);
        assertThat(shares).extracting(LayerInfluence::layer).isEqualTo(Bench.LAYERS);
        for (int l = 0; l < 2; l++) {
          assertThat(shares.get(l).influence() / byLayer[l]).isBetween(1 - 1e-9, 1 + 1e-9);
        }
        double total = results.raising(id, 1000).stream().mapToDouble(Influence::influence).sum();
        assertThat((byLayer[0] + byLayer[1]) / total).isBetween(1 - 1e-10, 1 + 1e-10);
      }
    }
  }

  @Test
  void queriesAreInTheirOrderAndUnknownOnesHaveNothing() {
    try (Bench bench = Bench.open(folder)) {
      ResultsFolder results = bench.attribute("out", AttributionSettings.DEFAULT);
      assertThat(results.queries())
          .extracting(ResultsFolder.StoredQuery::id)
          .isEqualTo(Bench.queries().stream().map(Query::id).toList());
      assertThat(results.queries())
          .allSatisfy(q -> {
            assertThat(q.logProbability()).isNegative();
            assertThat(q.completion()).isEqualTo("completion");
          });
      assertThat(results.raising("nobody' OR '1'='1", 10)).isEmpty();
      assertThat(results.path().resolve(ResultsFolder.SCORES)).doesNotExist();
    }
  }
}
