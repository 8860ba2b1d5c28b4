package dev.whence.attribution;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.whence.InvalidInputException;
import dev.whence.Json;
import dev.whence.Progress;
import dev.whence.influence.Candidates;
import dev.whence.results.ResultsFolder;
import dev.whence.run.Interruption;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.node.ObjectNode;

/** Three queries, each told of its own candidates among twenty sequences. */
class AttributionCandidatesTest {
  private static final Map<String, String> SETTINGS = Map.of("candidates", "4");
  private static final List<long[]> PLACES =
      List.of(new long[] {1, 3, 12}, new long[] {3, 5, 17}, new long[0]);
  private static final long[] UNION = {1, 3, 5, 12, 17};
  private static final Candidates CANDIDATES = Candidates.of(PLACES, 20, SETTINGS);

  @TempDir private Path folder;

  @Test
  void scoresOfCandidatesAreThoseOfAScanOfEverything() {
    try (Bench bench = Bench.open(folder)) {
      ResultsFolder all = bench.attribute("all", Bench.ALL);
      ResultsFolder some = bench.attribute("some", CANDIDATES, Bench.ALL, Progress.NONE);
      assertThat(Bench.scores(some, "sequence"))
          .containsExactly(Arrays.stream(UNION).asDoubleStream().toArray());
      for (String tensor : List.of("influence", "layerwise", "tokenwise", "self_influence")) {
        int rows = tensor.equals("self_influence") ? 1 : 3;
        double[] expected = columns(Bench.scores(all, tensor), rows);
        assertThat(Bench.scores(some, tensor))
            .as(tensor)
            .containsExactly(expected, within(1e-9 * largest(expected)));
      }
      assertThat(some.manifest().settings()).containsEntry("candidates", "4");
      assertThat(some.manifest().candidates().orElseThrow().sequences()).isEqualTo(5);
      assertThat(all.manifest().candidates()).isEmpty();
    }
  }

  /** The union's columns of a matrix with a column (of one or more numbers) for each sequence. */
  private static double[] columns(double[] matrix, int rows) {
    int width = matrix.length / rows / 20;
    return IntStream.range(0, rows)
        .boxed()
        .flatMapToDouble(row ->
            LongStream.of(UNION)
                .boxed()
                .flatMapToDouble(place -> {
                  int start = (row * 20 + place.intValue()) * width;
                  return Arrays.stream(matrix, start, start + width);
                }))
        .toArray();
  }

  private static double largest(double[] values) {
    return Arrays.stream(values).map(Math::abs).max().orElse(0);
  }

  @Test
  void eachQueryIsToldOfItsOwnCandidatesAloneUnlessTheyAreShared() {
    try (Bench bench = Bench.open(folder)) {
      ResultsFolder own =
          bench.attribute("own", CANDIDATES, AttributionSettings.DEFAULT, Progress.NONE);
      ResultsFolder shared =
          bench.attribute(
              "shared", CANDIDATES.shared(), AttributionSettings.DEFAULT, Progress.NONE);
      for (int q = 0; q < 3; q++) {
        String[] expected =
            LongStream.of(PLACES.get(q)).mapToObj(p -> "d" + p).toArray(String[]::new);
        assertThat(reported(own, q)).containsExactlyInAnyOrder(expected);
        assertThat(reported(shared, q)).containsExactlyInAnyOrder("d1", "d3", "d5", "d12", "d17");
      }
    }
  }

  private static List<String> reported(ResultsFolder results, int query) {
    String id = results.queries().get(query).id();
    return Stream.of(results.raising(id, 100), results.lowering(id, 100))
        .flatMap(List::stream)
        .map(ResultsFolder.Influence::documentId)
        .toList();
  }

  @Test
  void otherCandidatesMakeResultsStale() {
    try (Bench bench = Bench.open(folder)) {
      bench.attribute("out", CANDIDATES, AttributionSettings.DEFAULT, Progress.NONE);
      bench.attribute("out", CANDIDATES, AttributionSettings.DEFAULT, idle());
      List<long[]> fewer = List.of(new long[] {1, 3}, new long[] {3, 5, 17}, new long[0]);
      for (Candidates other :
          List.of(
              CANDIDATES.shared(),
              Candidates.of(fewer, 20, SETTINGS),
              Candidates.of(PLACES, 20, Map.of("candidates", "5")))) {
        assertThatThrownBy(() -> bench.attribute("out", other, AttributionSettings.DEFAULT, idle()))
            .isInstanceOf(InvalidInputException.class)
            .hasMessageContaining("--force");
      }
      assertThatThrownBy(() -> bench.attribute("out", AttributionSettings.DEFAULT))
          .isInstanceOf(InvalidInputException.class);
    }
  }

  private static Progress idle() {
    return (what, _, _) -> {
      throw new AssertionError("began " + what);
    };
  }

  @Test
  void interruptedScanOfCandidatesEndsWithTheSame() throws IOException {
    AttributionSettings settings =
        Bench.ALL.computing(c -> c.withBatchTokens(1).withCheckpointSeconds(0));
    try (Bench bench = Bench.open(folder)) {
      ResultsFolder expected = bench.attribute("expected", CANDIDATES, settings, Progress.NONE);
      int beforeScan = 1 + 3;
      for (int sequence = 1; sequence <= UNION.length; sequence++) {
        String name = "cut" + sequence;
        int report = beforeScan + 2 + sequence;
        assertThatThrownBy(
                () -> bench.attribute(name, CANDIDATES, settings, Interruption.at(report)))
            .isInstanceOf(Interruption.PowerCut.class);
        ResultsFolder resumed = bench.attribute(name, CANDIDATES, settings, Progress.NONE);
        assertThat(
                Files.mismatch(
                    resumed.path().resolve(ResultsFolder.SCORES),
                    expected.path().resolve(ResultsFolder.SCORES)))
            .isEqualTo(-1);
        assertThat(Bench.tables(resumed)).isEqualTo(Bench.tables(expected));
      }
    }
  }

  @Test
  void nothingLetThroughGivesEmptyResults() {
    List<long[]> none = List.of(new long[0], new long[0], new long[0]);
    try (Bench bench = Bench.open(folder)) {
      ResultsFolder results =
          bench.attribute("none", Candidates.of(none, 20, SETTINGS), Bench.ALL, Progress.NONE);
      assertThat(Bench.scores(results, "influence")).isEmpty();
      assertThat(Bench.scores(results, "sequence")).isEmpty();
      assertThat(results.raising(results.queries().getFirst().id(), 10)).isEmpty();
    }
  }

  @Test
  void manifestFromBeforeThereWereCandidatesIsRead() throws IOException {
    try (Bench bench = Bench.open(folder)) {
      bench.attribute("out", AttributionSettings.DEFAULT);
      Path manifest = folder.resolve("out/manifest.json");
      ObjectNode json = (ObjectNode) Json.MAPPER.readTree(Files.readAllBytes(manifest));
      assertThat(json.has("candidates")).isTrue();
      json.remove("candidates");
      Files.writeString(manifest, Json.MAPPER.writeValueAsString(json));
      assertThat(ResultsFolder.open(folder.resolve("out")).manifest().candidates()).isEmpty();
      bench.attribute("out", Bench.queries(), AttributionSettings.DEFAULT, false, idle());
    }
  }

  @Test
  void candidatesOfOtherQueriesAreRefused() {
    try (Bench bench = Bench.open(folder)) {
      Candidates one = Candidates.of(List.of(new long[] {1}), 20, SETTINGS);
      assertThatThrownBy(
              () -> bench.attribute("out", one, AttributionSettings.DEFAULT, Progress.NONE))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("1 queries for 3");
    }
  }
}
