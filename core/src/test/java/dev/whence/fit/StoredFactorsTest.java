package dev.whence.fit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.whence.InvalidInputException;
import dev.whence.Progress;
import dev.whence.corpus.Corpus;
import dev.whence.model.LanguageModel;
import dev.whence.run.FactorsFile;
import dev.whence.run.Interruption;
import dev.whence.run.RunFolder;
import dev.whence.run.Workbench;
import dev.whence.tensor.DType;
import dev.whence.tensor.SafetensorsFile;
import dev.whence.tensor.Scope;
import dev.whence.testing.Oracle;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What of the factors a run folder has, and in which type. */
class StoredFactorsTest {
  private static final FitSettings SETTINGS =
      SmallFits.SETTINGS
          .withKeepCovariances(false)
          .computing(c -> c.withType(DType.FLOAT32).withBatchTokens(1).withCheckpointSeconds(0));

  @TempDir private Path folder;

  private RunFolder fit(String name, FitSettings settings, Progress progress) {
    Path source = Oracle.of("gpt2").model();
    try (LanguageModel model = LanguageModel.load(source, DType.FLOAT32, SmallFits.device());
        Corpus corpus = Workbench.corpus(folder.resolve("corpus"), SmallFits.documents())) {
      return Fit.run(model, source, corpus, settings, folder.resolve(name), false, progress);
    }
  }

  private static Path factors(RunFolder run) {
    return FactorsFile.path(run.path(), SmallFits.LAYER);
  }

  @Test
  void covariancesAreKeptOnRequestAlone() {
    RunFolder plain = fit("plain", SETTINGS, Progress.NONE);
    RunFolder kept = fit("kept", SETTINGS.withKeepCovariances(true), Progress.NONE);
    try (SafetensorsFile without = SafetensorsFile.open(factors(plain));
        SafetensorsFile with = SafetensorsFile.open(factors(kept))) {
      assertThat(without.names())
          .contains("activation_eigenvectors", "gradient_eigenvectors", "lambda")
          .doesNotContain("activation_covariance", "gradient_covariance");
      assertThat(with.names()).contains("activation_covariance", "gradient_covariance");
      for (String name : without.names()) {
        assertThat(with.names()).contains(name);
      }
    }
    assertThat(plain.manifest().settings()).doesNotContainKey("keep-covariances");
    assertThat(kept.manifest().settings()).containsEntry("keep-covariances", "true");
    assertThat(Workbench.factor(kept, SmallFits.LAYER, "lambda"))
        .isEqualTo(Workbench.factor(plain, SmallFits.LAYER, "lambda"));
  }

  @Test
  void bfloat16FactorsAreHalfAsLarge() {
    RunFolder whole = fit("whole", SETTINGS, Progress.NONE);
    RunFolder half =
        fit("half", SETTINGS.withFactorsType(Optional.of(DType.BFLOAT16)), Progress.NONE);
    try (Scope _ = Scope.open();
        SafetensorsFile file = SafetensorsFile.open(factors(half))) {
      for (String name :
          new String[] {"activation_eigenvectors", "gradient_eigenvectors", "lambda"}) {
        assertThat(file.tensor(name).type()).as(name).isEqualTo(DType.BFLOAT16);
      }
      assertThat(file.tensor("activation_eigenvalues").type())
          .as("which tell the rank")
          .isEqualTo(DType.FLOAT32);
    }
    assertThat(half.manifest().settings()).containsEntry("factors-dtype", "bfloat16");
    Map<String, double[]> exact = Workbench.numbers(factors(whole));
    Map<String, double[]> rounded = Workbench.numbers(factors(half));
    double[] vectors = Objects.requireNonNull(exact.get("activation_eigenvectors"));
    double[] stored = Objects.requireNonNull(rounded.get("activation_eigenvectors"));
    for (int i = 0; i < vectors.length; i++) {
      assertThat(Math.abs(stored[i] - vectors[i]))
          .isLessThanOrEqualTo(0x1p-8 * Math.abs(vectors[i]) + 1e-30);
    }
  }

  /** The second pass must use the bases that a resumed one reads. */
  @Test
  void roundedFactorsAreTheSameWhereverTheFitWasCut() {
    FitSettings rounded = SETTINGS.withFactorsType(Optional.of(DType.BFLOAT16));
    Interruption whole = Interruption.never();
    Map<String, String> expected =
        Workbench.contents(fit("expected", rounded, whole).path().resolve("factors"));
    int reports = whole.reports().size();
    for (int cut : new int[] {reports / 3, reports / 2 + 3, reports - 5}) {
      String name = "cut" + cut;
      assertThatThrownBy(() -> fit(name, rounded, Interruption.at(cut)))
          .isInstanceOf(Interruption.PowerCut.class);
      assertThat(Workbench.contents(fit(name, rounded, Progress.NONE).path().resolve("factors")))
          .as("cut at report %d of %d", cut, reports)
          .isEqualTo(expected);
    }
  }

  @Test
  void aTypeThatHoldsNoFactorsIsRefused() {
    for (DType type : new DType[] {DType.INT8, DType.FLOAT16}) {
      assertThatThrownBy(() -> SETTINGS.withFactorsType(Optional.of(type)))
          .isInstanceOf(InvalidInputException.class)
          .hasMessage("--factors-dtype is " + type + " but must be float32, float64 or bfloat16");
    }
  }
}
