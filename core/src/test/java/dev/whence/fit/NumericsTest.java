package dev.whence.fit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.whence.Progress;
import dev.whence.corpus.Corpus;
import dev.whence.curvature.CurvatureKind;
import dev.whence.curvature.Fisher;
import dev.whence.influence.InfluenceScan;
import dev.whence.influence.LayerQueries;
import dev.whence.influence.PreconditionedQueries;
import dev.whence.model.LanguageModel;
import dev.whence.model.LayerSelection;
import dev.whence.model.Linear;
import dev.whence.model.ModelFolder;
import dev.whence.run.Interruption;
import dev.whence.run.RunFolder;
import dev.whence.run.RunManifest;
import dev.whence.run.Workbench;
import dev.whence.tensor.DType;
import dev.whence.tensor.Device;
import dev.whence.tensor.Scope;
import dev.whence.tensor.Tensors;
import dev.whence.trace.TokenBatch;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Numbers too large, too small or none at all are found, and the layer is named. */
class NumericsTest {
  private static final String UP = "transformer.h.1.mlp.c_fc";
  private static final String DOWN = "transformer.h.1.mlp.c_proj";

  @TempDir private Path folder;

  @ParameterizedTest
  @CsvSource({"FLOAT32, 1e25", "FLOAT16, 60000"})
  void activationsThatOverflow(DType type, double factor) {
    assertThatThrownBy(() -> fit(scaled(UP + ".weight", factor), type))
        .isInstanceOf(ArithmeticException.class)
        .hasMessage(
            "the inputs of layer "
                + DOWN
                + " overflow or are not numbers; try --dtype float32 or float64");
  }

  @Test
  void theyAreFoundInTheFirstChunkAndNotSaved() {
    Interruption progress = Interruption.never();
    ModelFolder spoilt = scaled(UP + ".weight", 1e25);
    assertThatThrownBy(() ->
            fit(spoilt, settings(DType.FLOAT32).computing(c -> c.withBatchTokens(1)), progress))
        .isInstanceOf(ArithmeticException.class);
    // A chunk is 16 tokens here, which one or two sequences fill.
    assertThat(progress.reports().stream().filter(r -> r.startsWith("accumulating")).count())
        .isLessThan(6);
    assertThat(folder.resolve("run.partial/covariances.safetensors")).doesNotExist();
  }

  @Test
  void gradientsThatUnderflow() {
    ModelFolder spoilt = scaled("transformer.ln_f.weight", 1e-12);
    assertThatThrownBy(() -> fit(spoilt, DType.FLOAT16))
        .isInstanceOf(ArithmeticException.class)
        .hasMessageContaining("the output gradients of layer " + DOWN + " are all zero")
        .hasMessageContaining("bfloat16");
    assertThat(fit(spoilt, DType.FLOAT32).manifest().layers()).isNotEmpty();
  }

  @Test
  void weightsThatDoNotFitTheirType() {
    ModelFolder spoilt = scaled(UP + ".weight", 1e8);
    assertThatThrownBy(() -> fit(spoilt, DType.FLOAT16))
        .hasMessageContaining("'" + UP + ".weight'")
        .hasMessageContaining("beyond float16")
        .hasMessageContaining("bfloat16");
  }

  @Test
  void covariancesOfFewerPositionsThanDirectionsAreToldOf() {
    RunFolder run = fit(unspoilt(), DType.FLOAT64); // 12 positions in 33 and 129 directions
    for (RunManifest.Layer layer : run.manifest().layers()) {
      assertThat(layer.isSingular()).as(layer.name()).isTrue();
      assertThat(layer.activationRank()).as(layer.name()).hasValue(12);
      assertThat(layer.gradientRank())
          .as(layer.name())
          .hasValueSatisfying(rank -> assertThat(rank).isBetween(1, 12));
    }
  }

  /** Sums of many small numbers would stand still at bfloat16's and float16's few digits. */
  @ParameterizedTest
  @EnumSource(
      value = DType.class,
      names = {"BFLOAT16", "FLOAT16"})
  void sumsAreKeptInFloat32(DType type) {
    FitSettings settings =
        settings(type).withFisher(Fisher.EMPIRICAL).withCurvatures(EnumSet.of(CurvatureKind.EKFAC));
    try (Corpus corpus =
        Workbench.corpus(
            folder, Workbench.documents(5, new Random(5).ints(300, 20, 25).toArray()))) {
      RunFolder half = fit(unspoilt(), corpus, settings, "half", Progress.NONE);
      RunFolder whole =
          fit(
              unspoilt(),
              corpus,
              settings.computing(c -> c.withType(DType.FLOAT32)),
              "whole",
              Progress.NONE);
      for (String name : List.of("activation_covariance", "gradient_covariance")) {
        double[] a = Workbench.factor(half, UP, name);
        double[] b = Workbench.factor(whole, UP, name);
        // The bias's own variance is a count of some thousands divided by itself.
        assertThat(trace(a) / trace(b)).as(name).isBetween(0.98, 1.02);
      }
      assertThat(
              sum(Workbench.factor(half, UP, "lambda"))
                  / sum(Workbench.factor(whole, UP, "lambda")))
          .isBetween(0.96, 1.04);
    }
  }

  @Test
  void influencesThatOverflowNameTheirLayer() {
    try (LanguageModel model = unspoilt().load(DType.FLOAT32);
        Corpus corpus = corpus();
        Scope _ = Scope.open()) {
      List<Linear> layers = LayerSelection.MLP.of(model);
      List<LayerQueries> queries = new ArrayList<>();
      for (Linear layer : layers) {
        double value = layer.name().equals(DOWN) ? Double.POSITIVE_INFINITY : 1;
        queries.add(
            new LayerQueries.Full(
                Tensors.ones(DType.FLOAT32, Device.CPU, 1, layer.outputs(), layer.inputs())
                    .times(value)));
      }
      InfluenceScan scan =
          new InfluenceScan(
              model,
              layers,
              Optional.of(new PreconditionedQueries(queries, List.of(0.0))),
              InfluenceScan.Detail.NONE,
              Optional.empty());
      TokenBatch batch =
          TokenBatch.of(List.of(TokenBatch.Row.whole(corpus.sequence(0).tokens(), 0)), Device.CPU);
      assertThatThrownBy(() -> scan.score(batch).influences())
          .isInstanceOf(ArithmeticException.class)
          .hasMessageContaining("influences through layer " + DOWN);
    }
  }

  private static double trace(double[] square) {
    int n = (int) Math.round(Math.sqrt(square.length));
    double sum = 0;
    for (int i = 0; i < n; i++) {
      sum += square[i * n + i];
    }
    return sum;
  }

  private static double sum(double[] values) {
    return Arrays.stream(values).sum();
  }

  private ModelFolder unspoilt() {
    return folder.resolve("model").toFile().exists()
        ? new ModelFolder(folder.resolve("model"))
        : ModelFolder.copyOf("gpt2", folder.resolve("model"));
  }

  private ModelFolder scaled(String tensor, double factor) {
    return unspoilt().reweigh(tensor, t -> t.times(factor));
  }

  private static FitSettings settings(DType type) {
    return FitSettings.DEFAULT
        .withKeepCovariances(true)
        .withLayers(LayerSelection.MLP)
        .computing(c -> c.withType(type).withCheckpointSeconds(0));
  }

  private Corpus corpus() {
    return Workbench.corpus(folder, Workbench.documents(3, 5, 5, 5)); // 12 positions
  }

  private RunFolder fit(ModelFolder model, DType type) {
    return fit(model, settings(type), Progress.NONE);
  }

  private RunFolder fit(ModelFolder model, FitSettings settings, Progress progress) {
    try (Corpus corpus = corpus()) {
      return fit(model, corpus, settings, "run", progress);
    }
  }

  private RunFolder fit(
      ModelFolder source, Corpus corpus, FitSettings settings, String out, Progress progress) {
    try (LanguageModel model = source.load(settings.compute().type())) {
      return Fit.run(model, source.path(), corpus, settings, folder.resolve(out), true, progress);
    }
  }
}
