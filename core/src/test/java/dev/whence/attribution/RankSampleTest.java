package dev.whence.attribution;

import static org.assertj.core.api.Assertions.assertThat;

import dev.whence.Progress;
import dev.whence.results.RankCheck;
import dev.whence.results.ResultsFolder;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RankSampleTest {
  private static final Offset<Double> EXACT = Offset.offset(1e-10);

  @TempDir private Path folder;

  @Test
  void isTheCorrelationOfTheSampledScores() {
    try (Bench bench = Bench.open(folder)) {
      AttributionSettings settings =
          AttributionSettings.DEFAULT.withAllScores(true).withLayerwise(false).withTokenwise(false);
      ResultsFolder low = bench.attribute("low", settings.withRank(1));
      double[] whole = Bench.scores(bench.attribute("whole", settings), "influence");
      double[] cut = Bench.scores(low, "influence");
      int n = (int) bench.corpus().size();
      // 16 of 20 sequences, spread evenly.
      int[] sample = IntStream.range(0, 16).map(i -> i * n / 16).toArray();
      double[] correlations =
          IntStream.range(0, 3)
              .mapToDouble(q ->
                  RankSample.correlation(
                      IntStream.of(sample).mapToDouble(i -> whole[q * n + i]).toArray(),
                      IntStream.of(sample).mapToDouble(i -> cut[q * n + i]).toArray()))
              .toArray();
      RankCheck check = low.manifest().rankCheck().orElseThrow();
      assertThat(check.queries()).isEqualTo(3);
      assertThat(check.sequences()).isEqualTo(16);
      assertThat(check.meanCorrelation())
          .isCloseTo(IntStream.range(0, 3).mapToDouble(q -> correlations[q]).sum() / 3, EXACT);
      assertThat(check.leastCorrelation())
          .isCloseTo(
              List.of(correlations[0], correlations[1], correlations[2]).stream()
                  .mapToDouble(x -> x)
                  .min()
                  .orElseThrow(),
              EXACT)
          .isLessThan(0.999);
    }
  }

  @Test
  void wholeGradientsNeedNoCheckAndEnoughRankPassesIt() {
    try (Bench bench = Bench.open(folder)) {
      AttributionSettings settings = AttributionSettings.DEFAULT;
      assertThat(bench.attribute("whole", settings).manifest().rankCheck()).isEmpty();
      RankCheck check =
          bench.attribute("all", settings.withRank(1000)).manifest().rankCheck().orElseThrow();
      assertThat(check.leastCorrelation()).isCloseTo(1, EXACT);
    }
  }

  @Test
  void correlationByHand() {
    double[] x = {1, 2, 3, 5};
    assertThat(RankSample.correlation(x, new double[] {2, 4, 6, 10})).isCloseTo(1, EXACT);
    assertThat(RankSample.correlation(x, new double[] {-1, -2, -3, -5})).isCloseTo(-1, EXACT);
    // Deviations -1.75 -0.75 0.25 2.25 and 0.5 -0.5 0.5 -0.5 multiply to -1.5.
    assertThat(RankSample.correlation(x, new double[] {1, 0, 1, 0}))
        .isCloseTo(-1.5 / Math.sqrt(8.75), EXACT);
    assertThat(RankSample.correlation(x, new double[] {7, 7, 7, 7})).isEqualTo(1);
  }

  @Test
  void refinedSequencesHaveTheInfluenceOfWholeGradients() {
    try (Bench bench = Bench.open(folder)) {
      AttributionSettings settings = AttributionSettings.DEFAULT.withTop(20);
      ResultsFolder whole = bench.attribute("whole", settings);
      ResultsFolder all = bench.attribute("all", settings.withRank(1).withRefine(20));
      // Everything was refined: the same lists, whatever rank 1 thought of them.
      for (ResultsFolder.StoredQuery query : whole.queries()) {
        assertThat(all.raising(query.id(), 20))
            .usingRecursiveComparison()
            .withComparatorForType((a, b) -> Math.abs(a - b) < 1e-10 ? 0 : 1, Double.class)
            .isEqualTo(whole.raising(query.id(), 20));
        assertThat(all.lowering(query.id(), 20)).hasSameSizeAs(whole.lowering(query.id(), 20));
      }
      ResultsFolder some =
          bench.attribute(
              "some", Bench.queries(), settings.withRank(1).withRefine(2), false, Progress.NONE);
      List<String> rows = Bench.tables(some).getOrDefault("influences.parquet", List.of());
      assertThat(rows.stream().filter(r -> r.contains("'refined': true")).count())
          .as("two of each sign for three queries")
          .isEqualTo(3 * 4);
      assertThat(rows.stream().filter(r -> r.contains("'refined': false")).count()).isPositive();
      for (ResultsFolder.StoredQuery query : some.queries()) {
        List<Double> influences =
            some.raising(query.id(), 20).stream().map(ResultsFolder.Influence::influence).toList();
        assertThat(influences).isSortedAccordingTo((a, b) -> Double.compare(b, a));
      }
    }
  }
}
