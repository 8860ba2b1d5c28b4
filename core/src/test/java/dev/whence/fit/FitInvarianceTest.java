package dev.whence.fit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.whence.Progress;
import dev.whence.corpus.Corpus;
import dev.whence.corpus.Selection;
import dev.whence.curvature.Blocks;
import dev.whence.curvature.CurvatureKind;
import dev.whence.curvature.Dense;
import dev.whence.curvature.Fisher;
import dev.whence.model.LanguageModel;
import dev.whence.model.LayerSelection;
import dev.whence.run.FactorsFile;
import dev.whence.run.RunFolder;
import dev.whence.run.RunManifest;
import dev.whence.run.Workbench;
import dev.whence.tensor.DType;
import dev.whence.tensor.Scope;
import dev.whence.tensor.Tensor;
import dev.whence.testing.Oracle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What must and what must not change the factors. */
class FitInvarianceTest {
  private static final long SEED = 13;
  private static final String LAYER = "transformer.h.1.mlp.c_proj"; // [32, 129]
  private static final FitSettings SETTINGS =
      FitSettings.DEFAULT
          .withLayers(new LayerSelection(".*\\.(0\\.attn|1\\.mlp)\\.c_proj"))
          .withCurvatures(EnumSet.of(CurvatureKind.EKFAC, CurvatureKind.DIAGONAL))
          .withType(DType.FLOAT64)
          .withBatchTokens(200);

  @TempDir private Path folder;

  private final Map<String, int[]> documents =
      Workbench.documents(SEED, Workbench.lengths(SEED, 40));

  @Test
  void batchSizeAndPaddingChangeNothing() {
    RunFolder expected = fit("alone", documents, SETTINGS.withBatchTokens(1));
    RunFolder some = fit("some", documents, SETTINGS.withBatchTokens(50));
    RunFolder all = fit("all", documents, SETTINGS.withBatchTokens(100_000));
    Workbench.assertSameFactors(some, expected, 1e-9);
    Workbench.assertSameFactors(all, expected, 1e-9);
  }

  @Test
  void orderOfTheCorpusChangesNothing() {
    List<String> ids = new ArrayList<>(documents.keySet());
    Collections.shuffle(ids, new Random(SEED));
    assertThat(ids).as("seed %d shuffles", SEED).isNotEqualTo(List.copyOf(documents.keySet()));
    Map<String, int[]> shuffled = only(ids);
    Workbench.assertSameFactors(
        fit("shuffled", shuffled, SETTINGS), fit("ordered", documents, SETTINGS), 1e-9);
  }

  @Test
  void sameFitTwiceIsTheSameToTheLastBit() {
    RunFolder once = fit("once", documents, SETTINGS);
    RunFolder again = fit("again", documents, SETTINGS);
    assertThat(Workbench.contents(again.path().resolve("factors")))
        .hasSize(2)
        .isEqualTo(Workbench.contents(once.path().resolve("factors")));
  }

  @Test
  void seedAndKindOfFisherMoveGradientsButNotInputs() {
    RunFolder zero = fit("zero", documents, SETTINGS);
    RunFolder one = fit("one", documents, seeded(1));
    RunFolder empirical = fit("empirical", documents, SETTINGS.withFisher(Fisher.EMPIRICAL));
    for (RunFolder other : List.of(one, empirical)) {
      for (String name : List.of("gradient_covariance", "lambda", "diagonal")) {
        assertThat(error(other, zero, name)).as("%s of %s", name, other.path()).isGreaterThan(0.01);
      }
      assertThat(error(other, zero, "activation_covariance")).isLessThan(1e-12);
    }
    assertThat(error(one, empirical, "gradient_covariance")).isGreaterThan(0.01);
  }

  private static FitSettings seeded(long seed) {
    return new FitSettings(
        SETTINGS.layers(),
        SETTINGS.curvatures(),
        SETTINGS.fisher(),
        seed,
        0,
        0,
        1,
        SETTINGS.batchTokens(),
        SETTINGS.type(),
        SETTINGS.device(),
        SETTINGS.checkpointSeconds());
  }

  @Test
  void subsetsAreFittedAsIfTheRestWereNotThere() {
    RunFolder run = fit("subset", documents, SETTINGS.withSequences(7, 5));
    assertThat(run.manifest().covarianceSequences()).isEqualTo(7);
    assertThat(run.manifest().lambdaSequences()).isEqualTo(5);
    assertThat(run.manifest().corpus().sequences()).isEqualTo(40);
    List<String> ids = new ArrayList<>();
    long positions = 0;
    for (int n = 0; n < 7; n++) {
      String id = "d" + Selection.spread(40, 7).at(n);
      ids.add(id);
      positions += value(id).length - 1;
    }
    assertThat(run.manifest().covariancePositions()).isEqualTo(positions);
    assertThat(run.manifest().positionsPerSequence()).isEqualTo(positions / 7.0);
    RunFolder alone = fit("alone", only(ids), SETTINGS);
    assertThat(error(run, alone, "activation_covariance")).isLessThan(1e-12);
    assertThat(error(run, alone, "gradient_covariance")).isLessThan(1e-12);
    List<String> five = new ArrayList<>();
    for (int n = 0; n < 5; n++) {
      five.add("d" + Selection.spread(40, 5).at(n));
    }
    assertThat(error(run, fit("five", only(five), SETTINGS), "diagonal")).isLessThan(1e-12);
  }

  @Test
  void moreSequencesThanThereAreMeansAll() {
    RunManifest manifest = fit("more", documents, SETTINGS.withSequences(41, 9999)).manifest();
    assertThat(manifest.covarianceSequences()).isEqualTo(40);
    assertThat(manifest.lambdaSequences()).isEqualTo(40);
  }

  @Test
  void blocksAreTheDiagonalBlocksOfTheWhole() {
    RunFolder whole = fit("whole", documents, SETTINGS);
    RunFolder halves = fit("halves", documents, SETTINGS.withBlocks(2));
    try (Scope _ = Scope.open()) {
      for (String side : List.of("activation", "gradient")) {
        Blocks blocks = new Blocks(side.equals("activation") ? 129 : 32, 2);
        double[] covariance = Workbench.factor(whole, LAYER, side + "_covariance");
        Tensor matrix = Tensor.of(covariance, blocks.size(), blocks.size());
        for (int b = 0; b < 2; b++) {
          Tensor block =
              matrix
                  .narrow(0, blocks.start(b), blocks.length(b))
                  .narrow(1, blocks.start(b), blocks.length(b));
          String name = side + "_covariance." + b;
          assertThat(Dense.error(Workbench.factor(halves, LAYER, name), block.toDoubles()))
              .as(name)
              .isLessThan(1e-13);
        }
        assertThat(Workbench.numbers(FactorsFile.path(halves.path(), LAYER)))
            .containsKeys(side + "_eigenvectors.0", side + "_eigenvectors.1")
            .doesNotContainKeys(side + "_covariance", side + "_eigenvectors");
      }
    }
    // The basis differs, the sum of squares over all coordinates does not.
    double sum = Arrays.stream(Workbench.factor(whole, LAYER, "lambda")).sum();
    double sumOfHalves = Arrays.stream(Workbench.factor(halves, LAYER, "lambda")).sum();
    assertThat(sumOfHalves / sum).isBetween(1 - 1e-12, 1 + 1e-12);
  }

  @Test
  void onlyWhatTheKindsNeedIsFitted() {
    Map<CurvatureKind, List<String>> parts =
        Map.of(
            CurvatureKind.IDENTITY, List.of(),
            CurvatureKind.DIAGONAL, List.of("diagonal"),
            CurvatureKind.KFAC, List.of("activation", "gradient"),
            CurvatureKind.EKFAC, List.of("activation", "gradient", "lambda"));
    parts.forEach((kind, expected) -> {
      RunFolder run = fit("" + kind, documents, SETTINGS.withCurvatures(EnumSet.of(kind)));
      assertThat(
              Workbench.numbers(FactorsFile.path(run.path(), LAYER)).keySet().stream()
                  .map(name -> name.replaceAll("_(covariance|eigen.*)$", ""))
                  .filter(name -> !name.matches(".*_(sequences|positions)"))
                  .distinct())
          .as("%s", kind)
          .containsExactlyElementsOf(expected);
    });
  }

  @Test
  void layersWithOneInputShareItsCovariance() {
    RunFolder run;
    try (LanguageModel model = Workbench.model("llama");
        Corpus corpus = Workbench.corpus(folder.resolve("llama"), documents)) {
      FitSettings all = SETTINGS.withLayers(LayerSelection.LINEAR);
      Path out = folder.resolve("run");
      run = Fit.run(model, Oracle.of("llama").model(), corpus, all, out, false, Progress.NONE);
    }
    Map<String, String> shared = new LinkedHashMap<>();
    run.manifest().layers().stream()
        .filter(layer -> layer.name().startsWith("model.layers.1."))
        .forEach(l ->
            shared.put(tail(l.name()), l.sharesInputWith().map(s -> tail(s)).orElse("none")));
    assertThat(shared)
        .containsEntry("q_proj", "none")
        .containsEntry("k_proj", "q_proj")
        .containsEntry("v_proj", "q_proj")
        .containsEntry("o_proj", "none")
        .containsEntry("gate_proj", "none")
        .containsEntry("up_proj", "gate_proj")
        .containsEntry("down_proj", "none")
        .hasSize(7);
    String mlp = "model.layers.1.mlp.";
    for (String name : List.of("activation_covariance", "activation_eigenvectors")) {
      assertThat(Workbench.factor(run, mlp + "up_proj", name))
          .isEqualTo(Workbench.factor(run, mlp + "gate_proj", name));
    }
    double[] gate = Workbench.factor(run, mlp + "gate_proj", "gradient_covariance");
    double[] up = Workbench.factor(run, mlp + "up_proj", "gradient_covariance");
    assertThat(Dense.error(up, gate)).isGreaterThan(0.01);
    double[] below = // another layer's input
        Workbench.factor(run, "model.layers.0.mlp.gate_proj", "activation_covariance");
    double[] own = Workbench.factor(run, mlp + "gate_proj", "activation_covariance");
    assertThat(Dense.error(below, own)).isGreaterThan(0.01);
  }

  private static String tail(String name) {
    return name.substring(name.lastIndexOf('.') + 1);
  }

  private static double error(RunFolder actual, RunFolder expected, String name) {
    return Dense.error(
        Workbench.factor(actual, LAYER, name), Workbench.factor(expected, LAYER, name));
  }

  private Map<String, int[]> only(List<String> ids) {
    Map<String, int[]> some = new LinkedHashMap<>();
    ids.forEach(id -> some.put(id, value(id)));
    return some;
  }

  private int[] value(String id) {
    return documents.getOrDefault(id, new int[0]);
  }

  private RunFolder fit(String name, Map<String, int[]> documents, FitSettings settings) {
    Path out = folder.resolve(name).resolve("run");
    try (LanguageModel model = Workbench.model("gpt2");
        Corpus corpus = Workbench.corpus(folder.resolve(name), documents)) {
      Path source = Oracle.of("gpt2").model();
      RunFolder run = Fit.run(model, source, corpus, settings, out, false, Progress.NONE);
      assertThat(Files.exists(out.resolveSibling("run.partial"))).isFalse();
      return run;
    }
  }
}
