package dev.whence.fit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.whence.InvalidInputException;
import dev.whence.Progress;
import dev.whence.corpus.Corpus;
import dev.whence.curvature.CurvatureKind;
import dev.whence.model.LanguageModel;
import dev.whence.model.LayerSelection;
import dev.whence.run.FactorsFile;
import dev.whence.run.Interruption;
import dev.whence.run.RunFolder;
import dev.whence.run.RunManifest;
import dev.whence.run.Workbench;
import dev.whence.tensor.DType;
import dev.whence.tensor.SafetensorsFile;
import dev.whence.tensor.Scope;
import dev.whence.tensor.Tensors;
import dev.whence.testing.Oracle;
import dev.whence.testing.TestDevice;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag(TestDevice.TAG)
class FitResumeTest {
  private static final long SEED = 19;

  /** A batch for each sequence, and a chunk for each three or so. */
  private static final FitSettings SETTINGS =
      FitSettings.DEFAULT
          .computing(TestDevice::compute)
          .withKeepCovariances(true)
          .withLayers(new LayerSelection(".*\\.1\\.attn\\..*"))
          .withCurvatures(EnumSet.of(CurvatureKind.EKFAC, CurvatureKind.DIAGONAL))
          .computing(c -> c.withType(DType.FLOAT64).withBatchTokens(1).withCheckpointSeconds(0));

  @TempDir private Path folder;

  @SuppressWarnings("NullAway.Init")
  private LanguageModel model;

  @SuppressWarnings("NullAway.Init")
  private Corpus corpus;

  @BeforeEach
  void open() {
    model = Workbench.model("gpt2");
    corpus = Workbench.corpus(folder, Workbench.documents(SEED, 4, 9, 7, 2, 6, 12, 3, 8));
  }

  @AfterEach
  void close() {
    corpus.close();
    model.close();
  }

  @Test
  void fitTakenUpAgainFromAnywhereIsTheSameToTheLastBit() {
    Interruption whole = Interruption.never();
    RunFolder expected = fit("expected", SETTINGS, whole);
    int reports = whole.reports().size();
    // Two passes over 8 sequences and two decompositions, and each stage's start.
    assertThat(reports).isEqualTo(2 * (8 + 2) + 1 + 2);
    for (int n = 1; n <= reports; n++) {
      String name = "cut" + n;
      cut(name, SETTINGS, n);
      RunFolder resumed = fit(name, SETTINGS, Progress.NONE);
      assertThat(Workbench.contents(resumed.path().resolve("factors")))
          .as("cut at report %d of %s", n, whole.reports())
          .isEqualTo(Workbench.contents(expected.path().resolve("factors")));
      assertThat(Workbench.names(resumed.path()))
          .isEqualTo(Workbench.names(expected.path()))
          .containsExactly("factors", "manifest.json");
      assertThat(resumed.manifest().covariancePositions())
          .isEqualTo(expected.manifest().covariancePositions())
          .isEqualTo(51 - 8);
      assertThat(resumed.manifest().lambdaSequences()).isEqualTo(8);
    }
  }

  @Test
  void fitCutManyTimesIsTheSameAndNoFinishedChunkIsDoneAgain() {
    RunFolder expected = fit("expected", SETTINGS, Progress.NONE);
    cut("often", SETTINGS, 8); // begin, start at 0, six sequences
    Interruption second = cut("often", SETTINGS, 4);
    assertThat(second.reports().subList(0, 2))
        .as("goes on after a chunk, not at the beginning")
        .containsExactly("accumulating covariances", "accumulating covariances 3");
    Interruption third = cut("often", SETTINGS, 7 + 3 + 8);
    assertThat(third.reports()).contains("decomposing", "accumulating corrected eigenvalues 0");
    Interruption fourth = Interruption.never();
    RunFolder resumed = fit("often", SETTINGS, fourth);
    assertThat(fourth.reports().subList(0, 2))
        .as("equal eigenvalues may turn out otherwise when decomposed again")
        .containsExactly(
            "accumulating corrected eigenvalues", "accumulating corrected eigenvalues 3");
    assertThat(Workbench.contents(resumed.path().resolve("factors")))
        .isEqualTo(Workbench.contents(expected.path().resolve("factors")));
  }

  @Test
  void checkpointsAreAsRareAsTheyShouldBe() {
    cut("rare", SETTINGS.computing(c -> c.withCheckpointSeconds(3600)), 8);
    assertThat(Workbench.names(folder.resolve("rare.partial")))
        .doesNotContain("covariances.safetensors");
    // A finished pass is always saved.
    cut("rare", SETTINGS.computing(c -> c.withCheckpointSeconds(3600)), 12);
    assertThat(Workbench.names(folder.resolve("rare.partial"))).contains("covariances.safetensors");
  }

  @Test
  void partOfAnotherFitIsKeptUntilItIsDiscardedByForce() {
    FitSettings other = SETTINGS.withBlocks(2);
    cut("mixed", other, 15);
    assertThatThrownBy(() -> fit("mixed", SETTINGS, Progress.NONE))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("blocks was 2 and is 1 now");
    RunFolder expected = fit("expected", SETTINGS, Progress.NONE);
    Interruption progress = Interruption.never();
    RunFolder run = fit("mixed", SETTINGS, true, progress);
    assertThat(progress.reports()).contains("accumulating covariances 0");
    assertThat(Workbench.contents(run.path().resolve("factors")))
        .isEqualTo(Workbench.contents(expected.path().resolve("factors")));
  }

  @Test
  void partOfAFitToAnotherCorpusIsNotTakenUp() {
    cut("mixed", SETTINGS, 15);
    Corpus old = corpus;
    corpus = Workbench.corpus(folder.resolve("b"), Workbench.documents(SEED, 4, 9, 7, 2, 6, 12));
    old.close();
    assertThatThrownBy(() -> fit("mixed", SETTINGS, Progress.NONE))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("other corpus");
    RunFolder run = fit("mixed", SETTINGS, true, Progress.NONE);
    Workbench.assertSameFactors(run, fit("expected", SETTINGS, Progress.NONE), 1e-15);
  }

  @Test
  void damagedCheckpointIsNamedAndDeletingItsFolderStartsOver() throws IOException {
    cut("damaged", SETTINGS, 8);
    Path file = folder.resolve("damaged.partial").resolve("covariances.safetensors");
    byte[] whole = Files.readAllBytes(file);
    for (int length : List.of(0, 7, 100, whole.length - 1)) {
      Files.write(file, Arrays.copyOf(whole, length));
      assertRefused();
    }
    try (Scope _ = Scope.open()) {
      SafetensorsFile.write(
          file, Map.of("x", Tensors.of(new double[] {1}, 1)), Map.of("next", "3"));
    }
    assertRefused();
    Workbench.delete(folder.resolve("damaged.partial")); // as the message says
    RunFolder run = fit("damaged", SETTINGS, Progress.NONE);
    assertThat(Workbench.contents(run.path().resolve("factors")))
        .isEqualTo(
            Workbench.contents(fit("expected", SETTINGS, Progress.NONE).path().resolve("factors")));
  }

  private void assertRefused() {
    assertThatThrownBy(() -> fit("damaged", SETTINGS, Progress.NONE))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageMatching(".*covariances.safetensors is damaged; delete .*damaged.partial to.*");
  }

  @Test
  void unfinishedFitIsCalledThat() {
    cut("unfinished", SETTINGS, 8);
    assertThatThrownBy(() -> RunFolder.open(folder.resolve("unfinished")))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("unfinished is not finished")
        .hasMessageContaining("whence fit");
  }

  private Interruption cut(String name, FitSettings settings, int report) {
    Interruption progress = Interruption.at(report);
    assertThatThrownBy(() -> fit(name, settings, progress))
        .isInstanceOf(Interruption.PowerCut.class);
    assertThat(folder.resolve(name)).doesNotExist();
    return progress;
  }

  /** A kill after the manifest was written: what is left to do is to publish. */
  @Test
  void aFinishedFitThatWasNotPublishedIsNotFittedAgain() throws IOException {
    RunFolder expected = fit("expected", SETTINGS, false, Progress.NONE);
    assertThatThrownBy(() -> fit("out", SETTINGS, false, Interruption.at(3)))
        .isInstanceOf(Interruption.PowerCut.class);
    Path partial = folder.resolve("out.partial");
    Files.createDirectories(partial.resolve("factors"));
    for (String name : Workbench.names(expected.path().resolve("factors"))) {
      Files.copy(
          expected.path().resolve("factors").resolve(name),
          partial.resolve("factors").resolve(name),
          StandardCopyOption.REPLACE_EXISTING);
    }
    Files.copy(expected.path().resolve("manifest.json"), partial.resolve("manifest.json"));
    Files.writeString(partial.resolve("covariances.safetensors"), ""); // left to be deleted
    Interruption nothing = Interruption.never();
    RunFolder published = fit("out", SETTINGS, false, nothing);
    assertThat(nothing.reports()).isEmpty();
    assertThat(Workbench.names(published.path())).isEqualTo(Workbench.names(expected.path()));
  }

  private RunFolder fit(String name, FitSettings settings, Progress progress) {
    return fit(name, settings, false, progress);
  }

  private RunFolder fit(String name, FitSettings settings, boolean force, Progress progress) {
    Path source = Oracle.of("gpt2").model();
    Path out = folder.resolve(name);
    return Fit.run(model, source, corpus, settings, out, force, progress);
  }

  @Test
  void memoryThatRunsOutCostsABatchNotTheRun() {
    FitSettings settings = SETTINGS.computing(c -> c.withBatchTokens(64));
    RunFolder expected = fit("expected", settings, Progress.NONE);
    List<String> stages = new ArrayList<>();
    Progress scarce =
        (what, _, _) -> {
          stages.add(what);
          boolean first = what.startsWith("accumulating") && !what.contains("memory");
          return _ -> {
            if (first) {
              throw new OutOfMemoryError("Physical memory usage is too high");
            }
          };
        };
    RunFolder shrunk = fit("shrunk", settings, scarce);
    assertThat(stages)
        .contains(
            "accumulating covariances (memory ran out: now 32 tokens a batch)",
            "accumulating corrected eigenvalues (memory ran out: now 32 tokens a batch)");
    for (RunManifest.Layer layer : expected.manifest().layers()) {
      try (Scope _ = Scope.open();
          SafetensorsFile a =
              SafetensorsFile.open(FactorsFile.path(expected.path(), layer.name()));
          SafetensorsFile b = SafetensorsFile.open(FactorsFile.path(shrunk.path(), layer.name()))) {
        for (String name : List.of("activation_covariance", "gradient_covariance")) {
          double scale = a.tensor(name).norm().item();
          assertThat(a.tensor(name).minus(b.tensor(name)).norm().item() / scale)
              .as("%s of %s: nothing counted twice or lost", name, layer.name())
              .isLessThan(1e-10);
        }
        // Where eigenvalues are equal rounding may turn a basis, which leaves Lambda's sum as it
        // is.
        double sum = a.tensor("lambda").sum().item();
        assertThat(b.tensor("lambda").sum().item() / sum).isBetween(1 - 1e-10, 1 + 1e-10);
      }
    }
  }
}
