package dev.whence.attribution;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.whence.Progress;
import dev.whence.corpus.Corpus;
import dev.whence.corpus.CorpusSource;
import dev.whence.corpus.Query;
import dev.whence.corpus.QueryFile;
import dev.whence.corpus.Tokenization;
import dev.whence.curvature.CurvatureKind;
import dev.whence.curvature.Fisher;
import dev.whence.fit.Fit;
import dev.whence.fit.FitSettings;
import dev.whence.model.LanguageModel;
import dev.whence.model.LayerSelection;
import dev.whence.results.ResultsFolder;
import dev.whence.run.FactorsFile;
import dev.whence.run.RunFolder;
import dev.whence.tensor.DType;
import dev.whence.tensor.SafetensorsFile;
import dev.whence.tensor.Scope;
import dev.whence.tensor.Tensor;
import dev.whence.testing.Golden;
import dev.whence.testing.Oracle;
import dev.whence.testing.TestDevice;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** From checkpoint to scores, against numbers that another implementation computed. */
@Tag(TestDevice.TAG)
class GoldenScoresTest {
  @TempDir private Path folder;

  @ParameterizedTest
  @MethodSource("dev.whence.testing.Oracle#names")
  void everyNumberIsTheGoldenOneInFloat64(String name) {
    check(Oracle.of(name), DType.FLOAT64, 1e-10);
  }

  @ParameterizedTest
  @MethodSource("dev.whence.testing.Oracle#names")
  void everyNumberIsTheGoldenOneInFloat32(String name) {
    check(Oracle.of(name), DType.FLOAT32, 1e-3);
  }

  private void check(Oracle oracle, DType type, double tolerance) {
    try (SafetensorsFile expected = oracle.expected();
        LanguageModel model = LanguageModel.load(oracle.model(), type, TestDevice.DEVICE);
        Corpus corpus =
            Corpus.open(
                CorpusSource.of(oracle.corpus()),
                new Tokenization(Optional.empty(), 24, model.vocabularySize()),
                folder.resolve("cache"),
                Progress.NONE)) {
      FitSettings fit =
          FitSettings.DEFAULT
              .computing(TestDevice::compute)
              .withKeepCovariances(true)
              .withLayers(new LayerSelection(oracle.layers()))
              .withCurvatures(EnumSet.allOf(CurvatureKind.class))
              .withFisher(Fisher.EMPIRICAL)
              .computing(c -> c.withBatchTokens(500).withType(type));
      RunFolder run =
          Fit.run(model, oracle.model(), corpus, fit, folder.resolve("run"), false, Progress.NONE);
      checkFactors(run, expected, tolerance);

      List<Query> queries =
          QueryFile.read(oracle.queries(), Optional.empty(), model.vocabularySize(), 64);
      AttributionSettings base =
          AttributionSettings.DEFAULT
              .computing(TestDevice::compute)
              .withAllScores(true)
              .withLayerwise(true)
              .withTokenwise(true)
              .withSelfInfluence(true);
      for (CurvatureKind kind : CurvatureKind.values()) {
        Path out = folder.resolve(kind.toString());
        ResultsFolder results =
            Attribution.run(
                new AttributionInput(run, model, Optional.empty(), queries, corpus),
                base.withCurvature(kind),
                out,
                false,
                Progress.NONE);
        try (Scope _ = Scope.open();
            SafetensorsFile scores =
                SafetensorsFile.open(results.path().resolve("scores.safetensors"))) {
          near(scores.tensor("influence"), expected, "scores." + kind, tolerance);
          if (kind == CurvatureKind.EKFAC) {
            near(scores.tensor("layerwise"), expected, "scores.ekfac.layerwise", tolerance);
            near(scores.tensor("tokenwise"), expected, "scores.ekfac.tokenwise", tolerance);
            near(scores.tensor("self_influence"), expected, "self_influence.ekfac", tolerance);
            checkQueries(results, expected, tolerance);
          }
        }
      }
      ResultsFolder lowRank =
          Attribution.run(
              new AttributionInput(run, model, Optional.empty(), queries, corpus),
              AttributionSettings.DEFAULT
                  .computing(TestDevice::compute)
                  .withAllScores(true)
                  .withLayerwise(false)
                  .withTokenwise(false)
                  .withRank(4),
              folder.resolve("rank4"),
              false,
              Progress.NONE);
      try (Scope _ = Scope.open();
          SafetensorsFile scores =
              SafetensorsFile.open(lowRank.path().resolve("scores.safetensors"))) {
        near(scores.tensor("influence"), expected, "scores.ekfac_rank4", tolerance);
      }
    }
  }

  private static void checkFactors(RunFolder run, SafetensorsFile expected, double tolerance) {
    for (var layer : run.manifest().layers()) {
      try (Scope _ = Scope.open();
          SafetensorsFile factors =
              SafetensorsFile.open(FactorsFile.path(run.path(), layer.name()))) {
        for (String part :
            List.of(
                "activation_covariance",
                "gradient_covariance",
                "activation_eigenvalues",
                "gradient_eigenvalues")) {
          near(factors.tensor(part), expected, layer.name() + "." + part, tolerance);
        }
        // Where eigenvalues lie close, float32 turns their eigenvectors visibly.
        double turned = tolerance < 1e-8 ? tolerance : 20 * tolerance;
        near(factors.tensor("lambda"), expected, layer.name() + ".lambda", turned);
      }
    }
  }

  private static void checkQueries(
      ResultsFolder results, SafetensorsFile expected, double tolerance) {
    double[] golden = expected.tensor("query_log_prob").toDoubles();
    double[] actual =
        results.queries().stream().mapToDouble(ResultsFolder.StoredQuery::logProbability).toArray();
    assertThat(actual).hasSameSizeAs(golden);
    for (int q = 0; q < golden.length; q++) {
      assertThat(actual[q]).isCloseTo(golden[q], within(tolerance * Math.abs(golden[q])));
    }
  }

  private static void near(Tensor actual, SafetensorsFile expected, String name, double tolerance) {
    Golden.assertNear(actual, expected, name, tolerance);
  }
}
