package dev.whence.attribution;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.whence.InvalidInputException;
import dev.whence.Progress;
import dev.whence.curvature.Dense;
import dev.whence.influence.QuerySplit;
import dev.whence.model.Linear;
import dev.whence.results.ResultsFolder;
import dev.whence.run.Interruption;
import dev.whence.run.Workbench;
import dev.whence.tensor.DType;
import dev.whence.testing.TestDevice;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Little memory splits the work, and changes nothing else. */
@Tag(TestDevice.TAG)
class AttributionSplitTest {
  @TempDir private Path folder;

  @ParameterizedTest
  @CsvSource({
    "0, false, 3, 1, 0", // all layers, a query at a time
    "0, true, 3, 2, 0", // a layer at a time too
    "2, true, 3, 2, 0",
    "2, true, 1, 2, 0",
    "2, true, 1, 2, 2",
  })
  void splitWorkGivesTheSame(int rank, boolean self, int queryRanges, int layerRanges, int refine)
      throws IOException {
    try (Bench bench = Bench.open(folder)) {
      AttributionSettings detailed =
          AttributionSettings.DEFAULT
              .computing(TestDevice::compute)
              .withAllScores(true)
              .withLayerwise(true)
              .withTokenwise(true);
      AttributionSettings plenty =
          (self ? detailed.withSelfInfluence(true) : detailed)
              .withRank(rank)
              .withRefine(refine)
              .computing(c -> c.withBatchTokens(1).withCheckpointSeconds(0));
      AttributionSettings little = little(bench, plenty, queryRanges, layerRanges);
      ResultsFolder expected = bench.attribute("expected", plenty);
      Interruption progress = Interruption.never();
      ResultsFolder split = bench.attribute("split", Bench.queries(), little, false, progress);
      assertSame(split, expected);
      assertThat(Workbench.names(split.path())).isEqualTo(Workbench.names(expected.path()));

      // Cut in the middle of the scan, and taken up again.
      int reports = progress.reports().size();
      for (int n : List.of(reports / 3, reports / 2, reports - 3)) {
        String name = "cut" + n;
        assertThatThrownBy(
                () -> bench.attribute(name, Bench.queries(), little, false, Interruption.at(n)))
            .isInstanceOf(Interruption.PowerCut.class);
        assertThat(Files.exists(folder.resolve(name))).isFalse();
        assertSame(bench.attribute(name, Bench.queries(), little, false, Progress.NONE), expected);
      }
    }
  }

  private static void assertSame(ResultsFolder results, ResultsFolder expected) {
    for (String name : Workbench.numbers(expected.path().resolve(ResultsFolder.SCORES)).keySet()) {
      assertThat(Dense.error(Bench.scores(results, name), Bench.scores(expected, name)))
          .as(name)
          .isLessThan(1e-12);
    }
    Map<String, List<String>> tables = Bench.tables(results);
    // Parts by token and layer come from the scan in one, and from a second look in the other.
    Bench.tables(expected)
        .forEach((name, rows) -> {
          List<String> others = Objects.requireNonNull(tables.get(name), name);
          assertThat(others).as(name).hasSameSizeAs(rows);
          for (int r = 0; r < rows.size(); r++) {
            assertThat(numbers(others.get(r)))
                .as("%s, row %d", name, r)
                .containsExactly(numbers(rows.get(r)), within(1e-9));
          }
        });
    for (ResultsFolder.StoredQuery query : expected.queries()) {
      assertThat(results.raising(query.id(), 100))
          .usingRecursiveComparison()
          .withComparatorForType((a, b) -> Math.abs(a - b) < 1e-9 ? 0 : 1, Double.class)
          .isEqualTo(expected.raising(query.id(), 100));
      assertThat(results.layerShares(query.id())).hasSameSizeAs(expected.layerShares(query.id()));
    }
  }

  /** All numbers of a row. */
  private static double[] numbers(String row) {
    return Pattern.compile("-?\\d+(\\.\\d+)?(e[-+]?\\d+)?")
        .matcher(row)
        .results()
        .mapToDouble(match -> Double.parseDouble(match.group()))
        .toArray();
  }

  /** Settings with as little memory as makes this many parts. */
  private static AttributionSettings little(
      Bench bench, AttributionSettings settings, int queryRanges, int layerRanges) {
    for (long bytes = memory(bench, settings).batch().bytes(); ; bytes += 1000) {
      long within = bytes;
      AttributionSettings little = settings.computing(c -> TestDevice.within(c, within));
      AttributionMemory memory = memory(bench, little);
      QueryMemory room = memory.scanning();
      var parts = QuerySplit.fewest(3, room.layers(), memory.free(), room.beside());
      if (parts.isPresent()) {
        if (parts.get().queries().size() == queryRanges
            && parts.get().layers().size() == layerRanges) {
          return little;
        }
        assertThat(parts.get().passes()).as("no such split").isGreaterThan(1);
      }
    }
  }

  private static AttributionMemory memory(Bench bench, AttributionSettings settings) {
    return AttributionMemory.of(
        bench.model().shape(),
        Bench.LAYERS.stream()
            .map(l -> bench.model().linear(l).map(Linear::shape).orElseThrow())
            .toList(),
        1,
        settings,
        DType.FLOAT64,
        24);
  }

  @Test
  void tooLittleMemoryIsSaidWithWhatWouldDo() {
    try (Bench bench = Bench.open(folder)) {
      AttributionSettings settings = Bench.ALL.computing(c -> TestDevice.within(c, 100 << 20));
      assertThatThrownBy(() -> bench.attribute("out", settings))
          .isInstanceOf(InvalidInputException.class)
          .hasMessageMatching(
              TestDevice.MEMORY_OPTION + " is 100 MiB but .* take \\d+ MiB; allow as much, or .*");
      assertThat(folder.resolve("out")).doesNotExist();
    }
  }

  @Test
  void selfInfluenceWithoutQueriesNeedsNoRank() {
    try (Bench bench = Bench.open(folder)) {
      AttributionSettings settings =
          AttributionSettings.DEFAULT.computing(TestDevice::compute).withSelfInfluence(true);
      double[] whole =
          Bench.scores(
              bench.attribute("whole", List.of(), settings, false, Progress.NONE),
              "self_influence");
      double[] ranked =
          Bench.scores(
              bench.attribute("ranked", List.of(), settings.withRank(2), false, Progress.NONE),
              "self_influence");
      assertThat(ranked).isEqualTo(whole);
    }
  }
}
