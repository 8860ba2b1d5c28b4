package dev.whence.fit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.whence.InvalidInputException;
import dev.whence.Progress;
import dev.whence.budget.LayerRanges.Range;
import dev.whence.budget.LayerShape;
import dev.whence.corpus.Corpus;
import dev.whence.curvature.CurvatureKind;
import dev.whence.curvature.Dense;
import dev.whence.model.LanguageModel;
import dev.whence.model.LayerSelection;
import dev.whence.model.Linear;
import dev.whence.run.Interruption;
import dev.whence.run.RunFolder;
import dev.whence.run.RunManifest;
import dev.whence.run.Workbench;
import dev.whence.tensor.DType;
import dev.whence.testing.Oracle;
import dev.whence.testing.TestDevice;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Little memory fits layers in turn, and changes nothing else. */
@Tag(TestDevice.TAG)
class FitSplitTest {
  private static final FitSettings SETTINGS =
      FitSettings.DEFAULT
          .computing(TestDevice::compute)
          .withKeepCovariances(true)
          .withLayers(LayerSelection.MLP)
          .withCurvatures(EnumSet.of(CurvatureKind.EKFAC, CurvatureKind.DIAGONAL))
          // One token a batch, because little memory would make batches smaller.
          .computing(c -> c.withType(DType.FLOAT64).withBatchTokens(1).withCheckpointSeconds(0));

  @TempDir private Path folder;

  @Test
  void layersFittedInTurnAreTheSame() {
    Path source = Oracle.of("llama").model();
    try (LanguageModel model = Workbench.model("llama");
        Corpus corpus = Workbench.corpus(folder, SmallFits.documents())) {
      RunFolder expected = fit(model, source, corpus, "expected", SETTINGS, Progress.NONE);
      int count = expected.manifest().layers().size();
      for (int ranges : List.of(2, count)) {
        FitSettings little = little(model, corpus, ranges);
        Interruption progress = Interruption.never();
        String name = "split" + ranges;
        RunFolder split = fit(model, source, corpus, name, little, progress);
        assertSame(split, expected);
        assertThat(starts(progress)).hasSize(2 * ranges);

        int reports = progress.reports().size();
        for (int n : List.of(reports / 3, reports / 2, reports - 5)) {
          String cut = name + "cut" + n;
          assertThatThrownBy(() -> fit(model, source, corpus, cut, little, Interruption.at(n)))
              .isInstanceOf(Interruption.PowerCut.class);
          assertSame(fit(model, source, corpus, cut, little, Progress.NONE), expected);
        }
      }
    }
  }

  /** Another division has other eigenvectors: work goes on with the one that it began with. */
  @Test
  void aFitTakenUpWithMoreMemoryLosesNothingAndIsTheSameToTheLastBit() {
    Path source = Oracle.of("llama").model();
    try (LanguageModel model = Workbench.model("llama");
        Corpus corpus = Workbench.corpus(folder, SmallFits.documents())) {
      FitSettings two = little(model, corpus, 2);
      Interruption whole = Interruption.never();
      RunFolder expected = fit(model, source, corpus, "two", two, whole);
      int reports = whole.reports().size();
      for (int n : List.of(reports / 2 + 2, reports - 5)) {
        String out = "mixed" + n;
        assertThatThrownBy(() -> fit(model, source, corpus, out, two, Interruption.at(n)))
            .isInstanceOf(Interruption.PowerCut.class);
        Interruption rest = Interruption.never();
        RunFolder resumed = fit(model, source, corpus, out, SETTINGS, rest);
        assertThat(rest.reports().size()).as("goes on").isLessThanOrEqualTo(reports - n + 5);
        assertThat(Workbench.contents(resumed.path().resolve("factors")))
            .isEqualTo(Workbench.contents(expected.path().resolve("factors")));
      }
    }
  }

  @Test
  void aFitTakenUpWithLessMemoryThanItWasBegunWithIsRefusedAndKept() {
    Path source = Oracle.of("llama").model();
    try (LanguageModel model = Workbench.model("llama");
        Corpus corpus = Workbench.corpus(folder, SmallFits.documents())) {
      FitSettings less = little(model, corpus, 2);
      assertThatThrownBy(() -> fit(model, source, corpus, "out", SETTINGS, Interruption.at(12)))
          .isInstanceOf(Interruption.PowerCut.class);
      assertThatThrownBy(() -> fit(model, source, corpus, "out", less, Progress.NONE))
          .isInstanceOf(InvalidInputException.class)
          .hasMessageContaining("was begun with more memory")
          .hasMessageContaining("--force");
      RunFolder expected = fit(model, source, corpus, "expected", SETTINGS, Progress.NONE);
      RunFolder resumed = fit(model, source, corpus, "out", SETTINGS, Progress.NONE);
      assertThat(Workbench.contents(resumed.path().resolve("factors")))
          .isEqualTo(Workbench.contents(expected.path().resolve("factors")));
    }
  }

  @Test
  void forceStartsOverWithLessMemory() {
    Path source = Oracle.of("llama").model();
    try (LanguageModel model = Workbench.model("llama");
        Corpus corpus = Workbench.corpus(folder, SmallFits.documents())) {
      FitSettings less = little(model, corpus, 2);
      assertThatThrownBy(() -> fit(model, source, corpus, "out", SETTINGS, Interruption.at(12)))
          .isInstanceOf(Interruption.PowerCut.class);
      RunFolder forced =
          Fit.run(model, source, corpus, less, folder.resolve("out"), true, Progress.NONE);
      RunFolder expected = fit(model, source, corpus, "expected", less, Progress.NONE);
      assertThat(Workbench.contents(forced.path().resolve("factors")))
          .isEqualTo(Workbench.contents(expected.path().resolve("factors")));
    }
  }

  /** The stages that went over the corpus. */
  private static Set<String> starts(Interruption progress) {
    return progress.reports().stream()
        .filter(r -> r.matches("accumulating .*") && !r.matches(".* \\d+"))
        .collect(Collectors.toSet());
  }

  private static void assertSame(RunFolder run, RunFolder expected) {
    for (RunManifest.Layer layer : expected.manifest().layers()) {
      for (String name :
          List.of("activation_covariance", "gradient_covariance", "lambda", "diagonal")) {
        assertThat(
                Dense.error(
                    Workbench.factor(run, layer.name(), name),
                    Workbench.factor(expected, layer.name(), name)))
            .as("%s of %s", name, layer.name())
            .isLessThan(1e-12);
      }
    }
    assertThat(run.manifest().covarianceSequences())
        .isEqualTo(expected.manifest().covarianceSequences());
    assertThat(run.manifest().lambdaSequences()).isEqualTo(expected.manifest().lambdaSequences());
    assertThat(Workbench.names(run.path())).isEqualTo(Workbench.names(expected.path()));
  }

  /** Settings with as little memory as makes this many ranges of layers. */
  private static FitSettings little(LanguageModel model, Corpus corpus, int ranges) {
    List<LayerShape> layers = SETTINGS.layers().of(model).stream().map(Linear::shape).toList();
    for (long bytes = 600 << 20; ; bytes += 10_000) {
      long within = bytes;
      FitSettings settings = SETTINGS.computing(c -> TestDevice.within(c, within));
      FitMemory memory =
          FitMemory.of(model.shape(), layers, settings, corpus.maximumLength(), false);
      try {
        List<Range> split = memory.split();
        if (split.size() == ranges) {
          return settings;
        }
        assertThat(split.size()).as("ranges").isGreaterThan(ranges);
      } catch (InvalidInputException e) {
        // Still too little.
      }
    }
  }

  @Test
  void tooLittleMemoryIsSaidWithWhatWouldDo() {
    assertThatThrownBy(() ->
            new SmallFits(folder)
                .fit("out", SETTINGS.computing(c -> TestDevice.within(c, 100 << 20))))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageMatching(
            TestDevice.MEMORY_OPTION + " is 100 MiB but .* take \\d+ MiB; allow as much, or .*");
  }

  private RunFolder fit(
      LanguageModel model,
      Path source,
      Corpus corpus,
      String name,
      FitSettings settings,
      Progress progress) {
    return Fit.run(model, source, corpus, settings, folder.resolve(name), false, progress);
  }
}
