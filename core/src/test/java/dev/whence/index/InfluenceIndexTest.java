package dev.whence.index;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.whence.InvalidInputException;
import dev.whence.Progress;
import dev.whence.attribution.AttributionSettings;
import dev.whence.attribution.Bench;
import dev.whence.budget.Compute;
import dev.whence.budget.MemoryBudget;
import dev.whence.corpus.Corpus;
import dev.whence.curvature.Damping;
import dev.whence.index.IndexSearcher.Answer;
import dev.whence.index.IndexSearcher.Found;
import dev.whence.run.Interruption;
import dev.whence.run.Workbench;
import dev.whence.tensor.DType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class InfluenceIndexTest {
  /** A batch for each sequence, a chunk for each few, and a checkpoint after each. */
  private static final IndexSettings SETTINGS =
      IndexSettings.DEFAULT
          .withKeeps(new Keeps.Sides(64, 1))
          .withRecallQueries(2)
          .computing(c -> c.withBatchTokens(1).withCheckpointSeconds(0));

  private static final IndexSettings WHOLE = SETTINGS.withKeeps(new Keeps.WholeTraces(32));

  @TempDir private Path folder;

  @Test
  void indexThatLosesNothingAnswersAsTheScanDoes() {
    try (Bench bench = Bench.open(folder)) {
      build(bench, "index", WHOLE, Progress.NONE);
      for (Damping damping : List.of(Damping.DEFAULT, new Damping.Relative(3))) {
        double[] scanned =
            Bench.scores(
                bench.attribute(
                    "scan-" + damping.hashCode(),
                    AttributionSettings.DEFAULT.withAllScores(true).withDamping(damping)),
                "influence");
        double largest = Arrays.stream(scanned).map(Math::abs).max().orElseThrow();
        List<Answer> answers = estimate(bench, "index", damping, 100);
        int compared = 0;
        for (int q = 0; q < answers.size(); q++) {
          for (Found found : all(answers.get(q))) {
            assertThat(found.influence())
                .as("query %d, sequence %d", q, found.place())
                .isCloseTo(
                    scanned[q * (int) bench.corpus().size() + (int) found.place()],
                    within(1e-5 * largest));
            compared++;
          }
        }
        assertThat(compared).isGreaterThan(40);
      }
    }
  }

  @Test
  void normsOfAnIndexThatLosesNothingAreSelfInfluence() {
    try (Bench bench = Bench.open(folder);
        InfluenceIndex index = open(bench, build(bench, "index", WHOLE, Progress.NONE))) {
      double[] self = Bench.scores(bench.attribute("scan", Bench.ALL), "self_influence");
      for (int n = 0; n < self.length; n++) {
        assertThat(Math.pow(index.norm(n), 2)).isCloseTo(self[n], within(1e-5 * self[n]));
      }
    }
  }

  @Test
  void rerankedInfluencesAreExactAndTellTheirTokensAndLayers() {
    try (Bench bench = Bench.open(folder)) {
      Path path = build(bench, "index", SETTINGS, Progress.NONE);
      double[] scanned =
          Bench.scores(
              bench.attribute("scan", AttributionSettings.DEFAULT.withAllScores(true)),
              "influence");
      try (InfluenceIndex index = open(bench, path);
          IndexSearcher searcher =
              new IndexSearcher(index, bench.run(), bench.model(), Damping.DEFAULT)) {
        // Without memory for two queries they are taken one by one.
        Compute compute = SETTINGS.compute().withMemory(new MemoryBudget(1));
        List<Answer> answers = searcher.rerank(Bench.queries(), 5, compute, Progress.NONE);
        for (int q = 0; q < answers.size(); q++) {
          List<Found> found = all(answers.get(q));
          assertThat(found).hasSizeBetween(1, 10).allMatch(Found::isExact);
          assertThat(answers.get(q).raising())
              .isSortedAccordingTo(Comparator.comparingDouble(f -> -f.influence()));
          for (Found one : found) {
            double exact = scanned[q * (int) bench.corpus().size() + (int) one.place()];
            assertThat(one.influence()).isCloseTo(exact, within(1e-9 * Math.abs(exact)));
          }
        }
      }
    }
  }

  @Test
  void buildTakenUpAgainFromAnywhereHasTheSameBytes() throws IOException {
    try (Bench bench = Bench.open(folder)) {
      Interruption whole = Interruption.never();
      Path expected = build(bench, "expected", SETTINGS, whole);
      int reports = whole.reports().size();
      assertThat(reports).isGreaterThan(20);
      for (int n = 1; n <= reports; n++) {
        String name = "cut" + n;
        Interruption cut = Interruption.at(n);
        assertThatThrownBy(() -> build(bench, name, SETTINGS, cut))
            .isInstanceOf(Interruption.PowerCut.class);
        assertThat(folder.resolve(name)).doesNotExist();
        Path resumed = build(bench, name, SETTINGS, Progress.NONE);
        assertThat(Workbench.names(resumed)).isEqualTo(Workbench.names(expected));
        Map<String, String> contents = Workbench.contents(resumed);
        Map<String, String> original = Workbench.contents(expected);
        contents.remove("manifest.json");
        original.remove("manifest.json");
        assertThat(contents).as("cut at report %d", n).isEqualTo(original);
        assertThat(InfluenceIndex.manifest(resumed))
            .usingRecursiveComparison()
            .ignoringFields("created")
            .isEqualTo(InfluenceIndex.manifest(expected));
      }
    }
  }

  @Test
  void addedCorpusIsFoundAfterTheOthersAndIsNotAddedTwice() throws IOException {
    try (Bench bench = Bench.open(folder);
        Corpus more = Workbench.corpus(folder.resolve("more"), Workbench.documents(99, 9, 14, 3))) {
      Path path = build(bench, "index", WHOLE, Progress.NONE);
      Interruption cut = Interruption.at(3);
      assertThatThrownBy(() -> add(bench, path, more, cut))
          .isInstanceOf(Interruption.PowerCut.class);
      assertThat(InfluenceIndex.manifest(path).sequences()).isEqualTo(20);
      // What is left by an addition that was killed before the manifest named its shard.
      Files.writeString(path.resolve("shard-00001.codes"), "half a shard");
      add(bench, path, more, Progress.NONE);
      assertThat(InfluenceIndex.manifest(path).sequences()).isEqualTo(23);
      assertThat(Workbench.names(folder)).noneMatch(name -> name.contains(".adding"));
      assertThatThrownBy(() -> add(bench, path, more, Progress.NONE))
          .isInstanceOf(InvalidInputException.class)
          .hasMessageContaining("has this corpus already");

      Path alone = folder.resolve("alone");
      IndexBuild.run(bench.run(), bench.model(), more, WHOLE, alone, false, Progress.NONE);
      InfluenceIndexManifest manifest = InfluenceIndex.manifest(path);
      try (InfluenceIndex whole = InfluenceIndex.of(path, manifest, List.of(bench.corpus(), more));
          InfluenceIndex part = InfluenceIndex.open(alone, more);
          IndexSearcher inWhole =
              new IndexSearcher(whole, bench.run(), bench.model(), Damping.DEFAULT);
          IndexSearcher inPart =
              new IndexSearcher(part, bench.run(), bench.model(), Damping.DEFAULT)) {
        float[][] all = inWhole.estimates(Bench.queries());
        float[][] added = inPart.estimates(Bench.queries());
        for (int q = 0; q < all.length; q++) {
          assertThat(Arrays.copyOfRange(all[q], 20, 23)).isEqualTo(added[q]);
        }
        assertThat(whole.locate(21).place()).isEqualTo(1);
        // Exact influences are computed in the corpus that a sequence is of.
        List<Answer> exact = inWhole.rerank(Bench.queries(), 100, Compute.DEFAULT, Progress.NONE);
        for (int q = 0; q < all.length; q++) {
          for (Found found : all(exact.get(q))) {
            float estimate = all[q][(int) found.place()];
            assertThat(found.influence())
                .isCloseTo(estimate, within(1e-4 * Math.abs(found.influence()) + 1e-6));
          }
        }
      }
    }
  }

  private static void add(Bench bench, Path path, Corpus more, Progress progress) {
    IndexAddition.run(
        path,
        bench.run(),
        bench.model(),
        more,
        SETTINGS.compute().withType(DType.FLOAT64),
        progress);
  }

  @Test
  void damagedShardIsNamed() throws IOException {
    try (Bench bench = Bench.open(folder)) {
      Path path = build(bench, "index", SETTINGS, Progress.NONE);
      for (String name : List.of("shard-00000.codes", "shard-00000.norms")) {
        Path shard = path.resolve(name);
        byte[] whole = Files.readAllBytes(shard);
        byte[] flipped = whole.clone();
        flipped[whole.length / 2] ^= 1;
        for (byte[] damaged : List.of(flipped, Arrays.copyOf(whole, whole.length - 1))) {
          Files.write(shard, damaged);
          assertThatThrownBy(() -> open(bench, path).close())
              .isInstanceOf(InvalidInputException.class)
              .hasMessageContaining(name)
              .hasMessageContaining("whence index build --force");
        }
        Files.write(shard, whole);
      }
      open(bench, path).close();
    }
  }

  @Test
  void indexOfAChangedRunIsRefused() throws IOException {
    try (Bench bench = Bench.open(folder)) {
      Path path = build(bench, "index", SETTINGS, Progress.NONE);
      Path manifest = bench.run().path().resolve("manifest.json");
      Files.writeString(manifest, Files.readString(manifest) + " ");
      try (InfluenceIndex index = open(bench, path)) {
        assertThatThrownBy(
                () -> new IndexSearcher(index, bench.run(), bench.model(), Damping.DEFAULT))
            .isInstanceOf(InvalidInputException.class)
            .hasMessageContaining("index was made with another fit");
      }
    }
  }

  @Test
  void indexOfSomethingElseIsReplacedByForceAlone() {
    try (Bench bench = Bench.open(folder)) {
      Path path = build(bench, "index", SETTINGS, Progress.NONE);
      Interruption nothing = Interruption.never();
      build(bench, "index", SETTINGS, nothing);
      assertThat(nothing.reports()).as("it is there already").isEmpty();
      assertThatThrownBy(() -> build(bench, "index", SETTINGS.withSeed(1), Progress.NONE))
          .isInstanceOf(InvalidInputException.class)
          .hasMessageContaining("--force");
      IndexBuild.run(
          bench.run(),
          bench.model(),
          bench.corpus(),
          SETTINGS.withSeed(1),
          path,
          true,
          Progress.NONE);
      assertThat(InfluenceIndex.manifest(path).settings()).containsEntry("seed", "1");
    }
  }

  private Path build(Bench bench, String name, IndexSettings settings, Progress progress) {
    Path out = folder.resolve(name);
    IndexBuild.run(bench.run(), bench.model(), bench.corpus(), settings, out, false, progress);
    return out;
  }

  private static InfluenceIndex open(Bench bench, Path path) {
    return InfluenceIndex.open(path, bench.folder().resolve("cache"));
  }

  private List<Answer> estimate(Bench bench, String name, Damping damping, int count) {
    try (InfluenceIndex index = open(bench, folder.resolve(name));
        IndexSearcher searcher = new IndexSearcher(index, bench.run(), bench.model(), damping)) {
      return searcher.estimate(Bench.queries(), count);
    }
  }

  private static List<Found> all(Answer answer) {
    List<Found> all = new ArrayList<>(answer.raising());
    all.addAll(answer.lowering());
    return all;
  }
}
