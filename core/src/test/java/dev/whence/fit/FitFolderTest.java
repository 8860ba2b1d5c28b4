package dev.whence.fit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.whence.InvalidInputException;
import dev.whence.Progress;
import dev.whence.corpus.Corpus;
import dev.whence.curvature.CurvatureKind;
import dev.whence.curvature.Fisher;
import dev.whence.folder.FolderKind;
import dev.whence.folder.WorkFolder;
import dev.whence.model.LanguageModel;
import dev.whence.model.LayerSelection;
import dev.whence.run.RunFolder;
import dev.whence.run.Workbench;
import dev.whence.tensor.DType;
import dev.whence.testing.Oracle;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What may be in the way of a run folder. */
class FitFolderTest {
  private static final FitSettings SETTINGS =
      FitSettings.DEFAULT
          .withLayers(new LayerSelection("transformer\\.h\\.1\\.attn\\.c_proj"))
          .computing(c -> c.withType(DType.FLOAT64));

  /** Fails the test where nothing should be computed. */
  private static final Progress IDLE =
      (what, _, _) -> {
        throw new AssertionError("began " + what);
      };

  @TempDir private Path folder;

  @SuppressWarnings("NullAway.Init")
  private LanguageModel model;

  @SuppressWarnings("NullAway.Init")
  private Corpus corpus;

  @BeforeEach
  void open() {
    model = Workbench.model("gpt2");
    corpus = Workbench.corpus(folder.resolve("a"), Workbench.documents(1, 5, 9, 7));
  }

  @AfterEach
  void close() {
    corpus.close();
    model.close();
  }

  @Test
  void sameSettingsReturnTheRunWithoutComputing() {
    RunFolder run = fit(SETTINGS, false, Progress.NONE);
    Map<String, String> before = Workbench.contents(run.path());
    assertThat(fit(SETTINGS, false, IDLE)).isEqualTo(run);
    assertThat(fit(SETTINGS.computing(c -> c.withCheckpointSeconds(1)), false, IDLE))
        .isEqualTo(run);
    assertThat(Workbench.contents(run.path())).isEqualTo(before);
    assertThat(Workbench.names(folder)).containsExactly("a", "run");
  }

  @Test
  void anyOtherSettingIsRefusedAndForceReplaces() {
    RunFolder run = fit(SETTINGS, false, Progress.NONE);
    Map<String, String> before = Workbench.contents(run.path());
    FitSettings last = SETTINGS;
    for (FitSettings other :
        List.of(
            SETTINGS.withLayers(new LayerSelection(".*\\.1\\.attn\\.c_proj")),
            SETTINGS.withCurvatures(EnumSet.of(CurvatureKind.KFAC)),
            SETTINGS.withFisher(Fisher.EMPIRICAL),
            SETTINGS.withCovarianceSequences(2).withLambdaSequences(0),
            SETTINGS.withCovarianceSequences(0).withLambdaSequences(2),
            SETTINGS.computing(c -> c.withBatchTokens(7)),
            SETTINGS.withBlocks(2))) {
      assertRefused(() -> fit(other, false, IDLE));
      last = other;
    }
    try (Corpus more = Workbench.corpus(folder.resolve("b"), Workbench.documents(1, 5, 9, 8))) {
      assertRefused(() -> run(more, SETTINGS, false, IDLE));
    }
    assertThat(Workbench.contents(run.path())).isEqualTo(before);
    RunFolder replaced = fit(last, true, Progress.NONE);
    assertThat(replaced.manifest().settings()).containsEntry("blocks", "2");
    assertThat(Workbench.contents(replaced.path())).isNotEqualTo(before);
    assertThat(Workbench.names(folder)).containsExactly("a", "b", "run");
  }

  @Test
  void forceComputesAgainEvenTheSame() {
    RunFolder run = fit(SETTINGS, false, Progress.NONE);
    RunFolder again = fit(SETTINGS, true, Progress.NONE);
    assertThat(again.manifest().created()).isNotEqualTo(run.manifest().created());
  }

  @Test
  void emptyFolderIsFilled() throws IOException {
    Files.createDirectory(folder.resolve("run"));
    assertThat(fit(SETTINGS, false, Progress.NONE).manifest().lambdaSequences()).isEqualTo(3);
  }

  @ParameterizedTest
  @ValueSource(strings = {"thesis.tex", "manifest.json"})
  void folderWithForeignFilesIsRefusedEvenWithForce(String name) throws IOException {
    Path file = Files.createDirectory(folder.resolve("run")).resolve(name);
    Files.writeString(file, "{\"name\": \"another program's\"}");
    for (boolean force : List.of(false, true)) {
      assertThatThrownBy(() -> fit(SETTINGS, force, IDLE))
          .isInstanceOf(InvalidInputException.class)
          .hasMessageContaining(folder.resolve("run").toString());
    }
    assertThat(file).hasContent("{\"name\": \"another program's\"}");
    assertThat(Workbench.names(folder)).containsExactly("a", "run");
  }

  @Test
  void fileInTheWayIsRefused() throws IOException {
    Path file = Files.writeString(folder.resolve("run"), "text");
    assertThatThrownBy(() -> fit(SETTINGS, true, IDLE))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining(file + " is not a folder");
    assertThat(file).hasContent("text");
  }

  @Test
  void secondWriterIsRefused() {
    try (WorkFolder first =
        WorkFolder.open(folder.resolve("run"), FolderKind.RUN, Map.of("x", "y"), false)) {
      assertThat(first.path()).isDirectory();
      for (boolean force : List.of(false, true)) {
        assertThatThrownBy(() -> fit(SETTINGS, force, IDLE))
            .isInstanceOf(InvalidInputException.class)
            .hasMessageContaining("another process is writing");
      }
    }
    fit(SETTINGS, false, Progress.NONE); // free again
  }

  private static void assertRefused(ThrowingCallable work) {
    assertThatThrownBy(work)
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("was fitted from another model, corpus or setting")
        .hasMessageContaining("--force");
  }

  private RunFolder fit(FitSettings settings, boolean force, Progress progress) {
    return run(corpus, settings, force, progress);
  }

  private RunFolder run(Corpus of, FitSettings settings, boolean force, Progress progress) {
    Path source = Oracle.of("gpt2").model();
    return Fit.run(model, source, of, settings, folder.resolve("run"), force, progress);
  }
}
