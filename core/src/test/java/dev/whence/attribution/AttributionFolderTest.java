package dev.whence.attribution;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.whence.InvalidInputException;
import dev.whence.Progress;
import dev.whence.corpus.Corpus;
import dev.whence.corpus.Query;
import dev.whence.curvature.CurvatureKind;
import dev.whence.curvature.Damping;
import dev.whence.folder.FolderKind;
import dev.whence.folder.WorkFolder;
import dev.whence.results.ResultsFolder;
import dev.whence.run.FactorsFile;
import dev.whence.run.RunFolder;
import dev.whence.run.Workbench;
import dev.whence.testing.Oracle;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What makes results stale, and what may be in their way. */
class AttributionFolderTest {
  private static final AttributionSettings SETTINGS = AttributionSettings.DEFAULT;

  /** Fails the test where nothing should be computed. */
  private static final Progress IDLE =
      (what, _, _) -> {
        throw new AssertionError("began " + what);
      };

  @TempDir private Path folder;

  @Test
  void sameInputsReturnTheResultsWithoutComputingAndOthersAreRefused() {
    try (Bench bench = Bench.open(folder)) {
      ResultsFolder results = bench.attribute("out", SETTINGS);
      Map<String, String> before = Workbench.contents(results.path());
      assertThat(again(bench, SETTINGS.computing(c -> c.withCheckpointSeconds(1)), false))
          .isEqualTo(results);
      for (AttributionSettings other :
          List.of(
              SETTINGS.withDamping(new Damping.Relative(0.2)),
              SETTINGS.withDamping(new Damping.Absolute(0.1)), // the same digits
              SETTINGS.withCurvature(CurvatureKind.KFAC),
              SETTINGS.withRank(2),
              SETTINGS.withTop(99),
              SETTINGS.computing(c -> c.withBatchTokens(64)),
              SETTINGS.withSelfInfluence(true),
              SETTINGS.withAllScores(true).withLayerwise(false).withTokenwise(false))) {
        assertStale(() -> again(bench, other, false));
      }
      List<Query> fewer = Bench.queries().subList(0, 2);
      assertStale(() -> bench.attribute("out", fewer, SETTINGS, false, IDLE));
      List<Query> reversed = Bench.queries().reversed();
      assertStale(() -> bench.attribute("out", reversed, SETTINGS, false, IDLE));
      assertStale(() -> bench.attribute("out", moved(), SETTINGS, false, IDLE));
      List<Query> reworded = Bench.queries();
      reworded.getLast().promptTokens()[0] ^= 1;
      assertStale(() -> bench.attribute("out", reworded, SETTINGS, false, IDLE));
      Map<String, int[]> documents = Bench.documents();
      documents.remove("d3");
      try (Corpus smaller = Workbench.corpus(folder.resolve("smaller"), documents)) {
        Bench other = new Bench(folder, bench.model(), smaller, bench.run());
        assertStale(() -> again(other, SETTINGS, false));
      }
      assertThat(Workbench.contents(results.path())).isEqualTo(before);
      AttributionSettings kfac = SETTINGS.withCurvature(CurvatureKind.KFAC);
      ResultsFolder replaced = bench.attribute("out", Bench.queries(), kfac, true, Progress.NONE);
      assertThat(replaced.manifest().settings()).containsEntry("curvature", "kfac");
      assertThat(Workbench.names(folder))
          .containsOnly("cache", "corpus.jsonl", "out", "run", "smaller");
    }
  }

  /** The queries with one token moved from prompt to completion. */
  private static List<Query> moved() {
    return Bench.queries().stream()
        .map(q -> {
          int[] tokens = q.tokens();
          int[] prompt = Arrays.copyOf(tokens, 2);
          int[] completion = Arrays.copyOfRange(tokens, 2, tokens.length);
          return new Query(q.id(), prompt, completion, q.prompt(), q.completion());
        })
        .toList();
  }

  @Test
  void resultsOfARunThatWasFittedAgainAreStale() throws IOException {
    try (Bench bench = Bench.open(folder)) {
      bench.attribute("out", SETTINGS);
      Path manifest = folder.resolve("run").resolve("manifest.json");
      Files.writeString(manifest, Files.readString(manifest).replaceFirst("\\d{4}-", "1999-"));
      RunFolder refitted = RunFolder.open(folder.resolve("run"));
      assertThat(refitted.manifest().created()).startsWith("1999-");
      Bench other = new Bench(folder, bench.model(), bench.corpus(), refitted);
      assertStale(() -> again(other, SETTINGS, false));
    }
  }

  @Test
  void oneChangedWeightIsRefused() throws IOException {
    Path copy = Files.createDirectory(folder.resolve("model"));
    for (String name : List.of("config.json", "model.safetensors")) {
      Files.copy(Oracle.of("gpt2").model().resolve(name), copy.resolve(name));
    }
    try (Bench bench = Bench.open(folder, copy)) {
      bench.attribute("before", SETTINGS);
      Path weights = copy.resolve("model.safetensors");
      byte[] bytes = Files.readAllBytes(weights);
      bytes[bytes.length - 2] ^= 1; // in the last weight's exponent
      Files.write(weights, bytes);
      for (String name : List.of("before", "after")) {
        for (boolean force : List.of(false, true)) {
          assertThatThrownBy(() -> bench.attribute(name, Bench.queries(), SETTINGS, force, IDLE))
              .isInstanceOf(InvalidInputException.class)
              .hasMessageContaining("the model in " + copy + " has changed");
        }
      }
    }
  }

  @Test
  void runItselfIsNeverReplacedByItsResults() {
    try (Bench bench = Bench.open(folder)) {
      Map<String, String> before = Workbench.contents(bench.run().path());
      for (boolean force : List.of(false, true)) {
        assertThatThrownBy(() -> bench.attribute("run", Bench.queries(), SETTINGS, force, IDLE))
            .isInstanceOf(InvalidInputException.class)
            .hasMessageContaining("is there already and is a run folder, not a results folder");
      }
      assertThat(Workbench.contents(bench.run().path())).isEqualTo(before);
      assertThatThrownBy(() -> ResultsFolder.open(bench.run().path()))
          .isInstanceOf(InvalidInputException.class)
          .hasMessageContaining("is a run folder, not a results folder")
          .hasMessageContaining("whence attribute");
      ResultsFolder results = bench.attribute("out", SETTINGS);
      assertThatThrownBy(() -> RunFolder.open(results.path()))
          .isInstanceOf(InvalidInputException.class)
          .hasMessageContaining("is a results folder, not a run folder")
          .hasMessageContaining("whence fit");
    }
  }

  @Test
  void curvatureThatWasNotFittedAndTruncatedFactorsAreNamed() throws IOException {
    try (Bench bench = Bench.open(folder)) {
      assertThatThrownBy(() -> again(bench, SETTINGS.withCurvature(CurvatureKind.DIAGONAL), false))
          .isInstanceOf(InvalidInputException.class)
          .hasMessageContaining(Bench.LAYERS.getFirst())
          .hasMessageContaining("fit again with --curvature diagonal");
      Path file = FactorsFile.path(bench.run().path(), Bench.LAYERS.getLast());
      Files.write(file, Arrays.copyOf(Files.readAllBytes(file), 1000));
      assertThatThrownBy(() -> again(bench, SETTINGS, false))
          .isInstanceOf(InvalidInputException.class)
          .hasMessageContaining(file.toString());
      assertThat(folder.resolve("out")).doesNotExist();
    }
  }

  @Test
  void foreignFilesAndAnotherWriterAreRefusedEvenWithForce() throws IOException {
    try (Bench bench = Bench.open(folder)) {
      Path file = Files.createDirectory(folder.resolve("out")).resolve("thesis.tex");
      Files.writeString(file, "text");
      for (boolean force : List.of(false, true)) {
        assertThatThrownBy(() -> again(bench, SETTINGS, force))
            .isInstanceOf(InvalidInputException.class)
            .hasMessageContaining(folder.resolve("out").toString());
      }
      assertThat(file).hasContent("text");
      Files.delete(file);
      try (WorkFolder first =
          WorkFolder.open(folder.resolve("out"), FolderKind.RESULTS, Map.of("x", "y"), false)) {
        assertThat(first.path()).isDirectory();
        assertThatThrownBy(() -> again(bench, SETTINGS, true))
            .isInstanceOf(InvalidInputException.class)
            .hasMessageContaining("another process is writing");
      }
    }
  }

  @Test
  void nothingToComputeIsRefused() {
    try (Bench bench = Bench.open(folder)) {
      assertThatThrownBy(() -> bench.attribute("out", List.of(), SETTINGS, false, IDLE))
          .isInstanceOf(InvalidInputException.class)
          .hasMessageContaining("--queries or --self-influence");
    }
  }

  private static ResultsFolder again(Bench bench, AttributionSettings settings, boolean force) {
    return Attribution.run(
        new AttributionInput(
            bench.run(), bench.model(), Optional.empty(), Bench.queries(), bench.corpus()),
        settings,
        bench.folder().resolve("out"),
        force,
        IDLE);
  }

  private static void assertStale(ThrowingCallable work) {
    assertThatThrownBy(work)
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("was made from another run, corpus, query or setting")
        .hasMessageContaining("--force");
  }
}
