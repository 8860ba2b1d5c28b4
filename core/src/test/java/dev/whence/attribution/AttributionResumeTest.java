package dev.whence.attribution;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.whence.InvalidInputException;
import dev.whence.Progress;
import dev.whence.results.ResultsFolder;
import dev.whence.run.Interruption;
import dev.whence.run.Workbench;
import dev.whence.testing.TestDevice;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag(TestDevice.TAG)
class AttributionResumeTest {
  /** A batch for each sequence, a chunk for each few, and a checkpoint after each. */
  private static final AttributionSettings SETTINGS =
      Bench.ALL.withTop(3).computing(c -> c.withBatchTokens(1).withCheckpointSeconds(0));

  @TempDir private Path folder;

  @Test
  void attributionTakenUpAgainFromAnywhereIsTheSame() throws IOException {
    try (Bench bench = Bench.open(folder)) {
      Interruption whole = Interruption.never();
      ResultsFolder expected = attribute(bench, "expected", whole);
      int reports = whole.reports().size();
      // Preconditioning of 3 queries in one batch, a scan of 20 sequences, tables for 3 queries.
      assertThat(reports).isEqualTo((1 + 1) + (2 + 20) + (1 + 3));
      for (int n = 1; n <= reports; n++) {
        String name = "cut" + n;
        cut(bench, name, n);
        ResultsFolder resumed = attribute(bench, name, Progress.NONE);
        assertThat(Files.mismatch(scores(resumed), scores(expected)))
            .as("first different byte after a cut at report %d", n)
            .isEqualTo(-1);
        assertThat(Bench.tables(resumed))
            .as("cut at report %d", n)
            .isEqualTo(Bench.tables(expected));
        assertThat(Workbench.names(resumed.path())).isEqualTo(Workbench.names(expected.path()));
      }
      assertThat(Workbench.names(expected.path()))
          .containsExactly(
              "completions.parquet",
              "influences.parquet",
              "layers.parquet",
              "manifest.json",
              "queries.parquet",
              "scores.safetensors",
              "tokens.parquet");
    }
  }

  /** A kill after the manifest was written: what is left to do is to publish. */
  @Test
  void finishedResultsThatWereNotPublishedAreNotComputedAgain() throws IOException {
    try (Bench bench = Bench.open(folder)) {
      ResultsFolder expected = attribute(bench, "expected", Progress.NONE);
      cut(bench, "out", 10);
      Path partial = folder.resolve("out.partial");
      for (String name : Workbench.names(expected.path())) {
        Files.copy(
            expected.path().resolve(name),
            partial.resolve(name),
            StandardCopyOption.REPLACE_EXISTING);
      }
      Interruption nothing = Interruption.never();
      ResultsFolder published = attribute(bench, "out", nothing);
      assertThat(nothing.reports()).isEmpty();
      assertThat(Workbench.names(published.path())).isEqualTo(Workbench.names(expected.path()));
    }
  }

  @Test
  void finishedChunksAreNotScannedAgain() {
    try (Bench bench = Bench.open(folder)) {
      cut(bench, "out", 2 + 2 + 19);
      Interruption progress = Interruption.never();
      attribute(bench, "out", progress);
      long scanned = progress.reports().stream().filter("scanning 1"::equals).count();
      assertThat(progress.reports()).contains("scanning " + (20 - scanned));
      assertThat(scanned).as("sequences scanned again").isBetween(2L, 10L);
    }
  }

  @Test
  void partForOtherQueriesOrSettingsIsNotTakenUp() throws IOException {
    try (Bench bench = Bench.open(folder)) {
      ResultsFolder expected = attribute(bench, "expected", Progress.NONE);
      assertThatThrownBy(() ->
              bench.attribute(
                  "out", Bench.queries().reversed(), SETTINGS, false, Interruption.at(2 + 2 + 15)))
          .isInstanceOf(Interruption.PowerCut.class);
      assertThatThrownBy(() -> attribute(bench, "out", Progress.NONE))
          .isInstanceOf(InvalidInputException.class)
          .hasMessageContaining("other queries");
      ResultsFolder results =
          bench.attribute("out", Bench.queries(), SETTINGS, true, Progress.NONE);
      assertThat(Files.mismatch(scores(results), scores(expected))).isEqualTo(-1);
      assertThat(Bench.tables(results)).isEqualTo(Bench.tables(expected));
    }
  }

  @Test
  void damagedCheckpointIsNamedAndDeletingItsFolderStartsOver() throws IOException {
    try (Bench bench = Bench.open(folder)) {
      cut(bench, "out", 2 + 2 + 19);
      Path file = folder.resolve("out.partial").resolve("scan.safetensors");
      byte[] whole = Files.readAllBytes(file);
      for (int length : List.of(0, 7, 100, whole.length - 1)) {
        Files.write(file, Arrays.copyOf(whole, length));
        assertThatThrownBy(() -> attribute(bench, "out", Progress.NONE))
            .isInstanceOf(InvalidInputException.class)
            .hasMessageMatching(".*scan.safetensors is damaged; delete .*out.partial to.*");
      }
      Workbench.delete(folder.resolve("out.partial")); // as the message says
      ResultsFolder again = attribute(bench, "out", Progress.NONE);
      ResultsFolder expected = attribute(bench, "expected", Progress.NONE);
      assertThat(Files.mismatch(scores(again), scores(expected))).isEqualTo(-1);
    }
  }

  private void cut(Bench bench, String name, int report) {
    assertThatThrownBy(() -> attribute(bench, name, Interruption.at(report)))
        .isInstanceOf(Interruption.PowerCut.class);
    assertThat(folder.resolve(name)).doesNotExist();
  }

  private static ResultsFolder attribute(Bench bench, String name, Progress progress) {
    return bench.attribute(name, Bench.queries(), SETTINGS, false, progress);
  }

  private static Path scores(ResultsFolder results) {
    return results.path().resolve(ResultsFolder.SCORES);
  }
}
