package dev.whence.attribution;

import static org.assertj.core.api.Assertions.assertThat;

import dev.whence.Progress;
import dev.whence.corpus.Corpus;
import dev.whence.corpus.Query;
import dev.whence.curvature.CurvatureKind;
import dev.whence.curvature.Damping;
import dev.whence.curvature.Dense;
import dev.whence.results.ResultsFolder;
import dev.whence.run.Workbench;
import dev.whence.testing.TestDevice;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What must and what must not change the scores. */
@Tag(TestDevice.TAG)
class AttributionInvarianceTest {
  @TempDir private Path folder;

  @ParameterizedTest
  @EnumSource(
      value = CurvatureKind.class,
      names = {"IDENTITY", "KFAC", "EKFAC"})
  void selfInfluenceIsTheDiagonalOfPairwiseScores(CurvatureKind kind) {
    try (Bench bench = Bench.open(folder)) {
      List<Query> queries = bench.sequencesAsQueries();
      AttributionSettings settings =
          AttributionSettings.DEFAULT
              .computing(TestDevice::compute)
              .withAllScores(true)
              .withLayerwise(false)
              .withTokenwise(false)
              .withSelfInfluence(true)
              .withCurvature(kind);
      ResultsFolder results = bench.attribute("out", queries, settings, false, Progress.NONE);
      double[] self = Bench.scores(results, "self_influence");
      double[] pairs = Bench.scores(results, "influence");
      int n = (int) bench.corpus().size();
      double[] diagonal = new double[n];
      for (int q = 0; q < queries.size(); q++) {
        int place = Integer.parseInt(queries.get(q).id());
        diagonal[place] = pairs[q * n + place];
      }
      assertThat(queries).hasSize(n);
      assertThat(Arrays.stream(diagonal).filter(x -> x > 0).count()).isEqualTo(n);
      assertThat(Dense.error(self, diagonal)).isLessThan(1e-12);
      // And the whole matrix is symmetric, as the inverse curvature is.
      for (int q = 0; q < queries.size(); q++) {
        int row = Integer.parseInt(queries.get(q).id());
        for (int p = 0; p < q; p++) {
          int column = Integer.parseInt(queries.get(p).id());
          double one = pairs[q * n + column];
          double other = pairs[p * n + row];
          double scale = Math.sqrt(diagonal[row] * diagonal[column]);
          assertThat(Math.abs(one - other) / scale).as("%d, %d", row, column).isLessThan(1e-12);
          assertThat(Math.abs(one) / scale).as("Cauchy and Schwarz").isLessThan(1 + 1e-12);
        }
      }
    }
  }

  @Test
  void selfInfluenceNeedsNoQueries() {
    try (Bench bench = Bench.open(folder)) {
      AttributionSettings settings =
          AttributionSettings.DEFAULT.computing(TestDevice::compute).withSelfInfluence(true);
      ResultsFolder alone = bench.attribute("alone", List.of(), settings, false, Progress.NONE);
      ResultsFolder withQueries = bench.attribute("with", Bench.ALL);
      assertThat(Bench.scores(alone, "self_influence"))
          .isEqualTo(Bench.scores(withQueries, "self_influence"));
      assertThat(Workbench.numbers(alone.path().resolve(ResultsFolder.SCORES)))
          .containsOnlyKeys("self_influence");
      assertThat(alone.queries()).isEmpty();
    }
  }

  @Test
  void batchSizeAndPaddingChangeNothing() {
    try (Bench bench = Bench.open(folder)) {
      ResultsFolder expected = bench.attribute("1", Bench.ALL.computing(c -> c.withBatchTokens(1)));
      for (int tokens : new int[] {30, 70, 100_000}) {
        ResultsFolder results =
            bench.attribute("" + tokens, Bench.ALL.computing(c -> c.withBatchTokens(tokens)));
        for (String name : List.of("influence", "layerwise", "tokenwise", "self_influence")) {
          assertThat(Dense.error(Bench.scores(results, name), Bench.scores(expected, name)))
              .as("%s with --batch-tokens %d", name, tokens)
              .isLessThan(1e-12);
        }
      }
    }
  }

  @Test
  void partsOfTheMatrixSumToItAndDoNotDependOnWhatElseIsWritten() {
    try (Bench bench = Bench.open(folder)) {
      AttributionSettings plain = AttributionSettings.DEFAULT.computing(TestDevice::compute);
      double[] total = Bench.scores(bench.attribute("all", Bench.ALL), "influence");
      ResultsFolder parts = bench.attribute("all", Bench.ALL);
      int positions = 23;
      double[] byToken = Bench.scores(parts, "tokenwise");
      double[] byLayer = Bench.scores(parts, "layerwise");
      assertThat(byToken).hasSize(total.length * positions);
      assertThat(byLayer).hasSize(total.length * 2);
      double[] tokenSums = new double[total.length];
      double[] layerSums = new double[total.length];
      for (int i = 0; i < total.length; i++) {
        tokenSums[i] = Arrays.stream(byToken, i * positions, (i + 1) * positions).sum();
        layerSums[i] = byLayer[2 * i] + byLayer[2 * i + 1];
      }
      assertThat(Dense.error(tokenSums, total)).isLessThan(1e-12);
      assertThat(Dense.error(layerSums, total)).isLessThan(1e-12);
      for (AttributionSettings some :
          List.of(
              plain.withAllScores(true).withLayerwise(false).withTokenwise(false),
              plain.withAllScores(true).withLayerwise(true).withTokenwise(false))) {
        String name = "some" + some.layerwise();
        double[] influence = Bench.scores(bench.attribute(name, some), "influence");
        assertThat(Dense.error(influence, total)).isLessThan(1e-12);
      }
    }
  }

  @Test
  void orderOfTheCorpusOnlyMovesTheColumns() {
    try (Bench bench = Bench.open(folder)) {
      AttributionSettings settings =
          AttributionSettings.DEFAULT
              .computing(TestDevice::compute)
              .withAllScores(true)
              .withLayerwise(false)
              .withTokenwise(false);
      double[] expected = Bench.scores(bench.attribute("out", settings), "influence");
      List<Map.Entry<String, int[]>> documents = new ArrayList<>(Bench.documents().entrySet());
      Collections.shuffle(documents, new Random(Bench.SEED));
      Map<String, int[]> shuffled = new LinkedHashMap<>();
      documents.forEach(d -> shuffled.put(d.getKey(), d.getValue()));
      double[] back = new double[expected.length];
      try (Corpus corpus = Workbench.corpus(folder.resolve("shuffled"), shuffled)) {
        Bench other = new Bench(folder, bench.model(), corpus, bench.run());
        double[] moved = Bench.scores(other.attribute("moved", settings), "influence");
        assertThat(Dense.error(moved, expected)).as("it moves").isGreaterThan(0.1);
        int n = (int) corpus.size();
        for (int i = 0; i < back.length; i++) {
          int was = Integer.parseInt(corpus.sequence(i % n).documentId().substring(1));
          back[i / n * n + was] = moved[i];
        }
      }
      assertThat(Dense.error(back, expected)).isLessThan(1e-12);
    }
  }

  @Test
  void rankAndDampingAndCurvatureMatter() {
    try (Bench bench = Bench.open(folder)) {
      AttributionSettings settings =
          AttributionSettings.DEFAULT
              .computing(TestDevice::compute)
              .withAllScores(true)
              .withLayerwise(false)
              .withTokenwise(false);
      double[] full = Bench.scores(bench.attribute("full", settings), "influence");
      for (AttributionSettings other :
          List.of(
              settings.withRank(1),
              settings.withDamping(new Damping.Relative(1)),
              settings.withCurvature(CurvatureKind.KFAC),
              settings.withCurvature(CurvatureKind.IDENTITY))) {
        double[] scores = Bench.scores(bench.attribute(name(other), other), "influence");
        assertThat(Dense.error(scores, full)).as("%s", other).isGreaterThan(1e-3);
      }
      for (int rank : new int[] {32, 33, 5000}) { // both layers are [32, 33]
        AttributionSettings whole = settings.withRank(rank);
        double[] scores = Bench.scores(bench.attribute(name(whole), whole), "influence");
        assertThat(Dense.error(scores, full)).as("rank %d", rank).isLessThan(1e-10);
      }
    }
  }

  private static String name(AttributionSettings settings) {
    return "out" + settings.hashCode();
  }
}
