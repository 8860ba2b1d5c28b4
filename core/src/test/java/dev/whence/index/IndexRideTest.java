package dev.whence.index;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.whence.Progress;
import dev.whence.attribution.Attribution;
import dev.whence.attribution.AttributionInput;
import dev.whence.attribution.AttributionSettings;
import dev.whence.attribution.Bench;
import dev.whence.run.Interruption;
import dev.whence.run.Workbench;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** An index that is built in an attribution's pass. */
class IndexRideTest {
  private static final IndexSettings SETTINGS =
      IndexSettings.DEFAULT
          .withKeeps(new Keeps.Sides(64, 1))
          .withRecallQueries(2)
          .computing(c -> c.withBatchTokens(1).withCheckpointSeconds(0));

  private static final AttributionSettings SCAN =
      AttributionSettings.DEFAULT
          .withTop(3)
          .computing(c -> c.withBatchTokens(1).withCheckpointSeconds(0));

  @TempDir private Path folder;

  @Test
  void indexBuiltOnTheWayHasTheSameBytesAndTracesNothingItself() {
    try (Bench bench = Bench.open(folder)) {
      Path alone = folder.resolve("alone");
      IndexBuild.run(
          bench.run(), bench.model(), bench.corpus(), SETTINGS, alone, false, Progress.NONE);
      Interruption own = Interruption.never();
      ride(bench, "ridden", Progress.NONE, own);
      assertThat(own.reports()).noneMatch(report -> report.startsWith("indexing"));
      assertThat(InfluenceIndex.manifest(folder.resolve("ridden")))
          .usingRecursiveComparison()
          .withComparatorForType(
              (a, b) -> Math.abs(a - b) < 1e-9 ? 0 : Double.compare(a, b), Double.class)
          .ignoringFields("created")
          .isEqualTo(InfluenceIndex.manifest(alone));
      assertThat(bytes(folder.resolve("ridden"))).isEqualTo(bytes(alone));
    }
  }

  @Test
  void rideThatIsCutAnywhereEndsInTheSameBytes() {
    try (Bench bench = Bench.open(folder)) {
      Interruption whole = Interruption.never();
      ride(bench, "expected", whole, Progress.NONE);
      Map<String, String> expected = bytes(folder.resolve("expected"));
      for (int n = 1; n <= whole.reports().size(); n++) {
        String name = "cut" + n;
        Interruption cut = Interruption.at(n);
        assertThatThrownBy(() -> ride(bench, name, cut, Progress.NONE))
            .isInstanceOf(Interruption.PowerCut.class);
        ride(bench, name, Progress.NONE, Progress.NONE);
        assertThat(bytes(folder.resolve(name))).as("cut at %d", n).isEqualTo(expected);
      }
    }
  }

  /** A scan that was begun before, and is cut into other chunks, leaves gaps. */
  @Test
  void passThatIsCutOtherwiseLosesNothing() {
    try (Bench bench = Bench.open(folder)) {
      Path alone = folder.resolve("alone");
      IndexBuild.run(
          bench.run(), bench.model(), bench.corpus(), SETTINGS, alone, false, Progress.NONE);
      try (IndexBuild build = open(bench, "ridden", Interruption.at(12))) {
        assertThatThrownBy(build::finish).isInstanceOf(Interruption.PowerCut.class);
      }
      try (IndexBuild build = open(bench, "ridden", Progress.NONE)) {
        attribute(bench, build, "other", SCAN.computing(c -> c.withBatchTokens(3)), Progress.NONE);
        build.finish();
      }
      assertThat(bytes(folder.resolve("ridden"))).isEqualTo(bytes(alone));
    }
  }

  /** The scan's results are there already: the index makes a pass of its own. */
  @Test
  void passThatDoesNotComeIsMadeUpFor() {
    try (Bench bench = Bench.open(folder)) {
      ride(bench, "first", Progress.NONE, Progress.NONE);
      Workbench.delete(folder.resolve("first"));
      Interruption own = Interruption.never();
      ride(bench, "first", Progress.NONE, own);
      assertThat(own.reports()).anyMatch(report -> report.startsWith("indexing"));
    }
  }

  private void ride(Bench bench, String name, Progress scanning, Progress own) {
    try (IndexBuild build = open(bench, name, own)) {
      attribute(bench, build, name, SCAN, scanning);
      build.finish();
    }
  }

  private IndexBuild open(Bench bench, String name, Progress progress) {
    return IndexBuild.open(
        bench.run(),
        bench.model(),
        bench.corpus(),
        SETTINGS,
        folder.resolve(name),
        false,
        progress);
  }

  private void attribute(
      Bench bench, IndexBuild build, String name, AttributionSettings settings, Progress progress) {
    Attribution.run(
        new AttributionInput(
            bench.run(), bench.model(), Optional.empty(), Bench.queries(), bench.corpus()),
        settings,
        folder.resolve(name + "-results"),
        false,
        Optional.of(build),
        progress);
  }

  private static Map<String, String> bytes(Path index) {
    Map<String, String> contents = Workbench.contents(index);
    contents.remove("manifest.json"); // it has the time
    return contents;
  }
}
