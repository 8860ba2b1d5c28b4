package dev.whence.fit;

import static dev.whence.fit.SmallFits.LAYER;
import static dev.whence.fit.SmallFits.SETTINGS;
import static dev.whence.fit.SmallFits.documents;
import static dev.whence.fit.SmallFits.error;
import static dev.whence.fit.SmallFits.only;
import static org.assertj.core.api.Assertions.assertThat;

import dev.whence.corpus.Selection;
import dev.whence.curvature.Blocks;
import dev.whence.curvature.CurvatureKind;
import dev.whence.curvature.Dense;
import dev.whence.model.LayerSelection;
import dev.whence.run.FactorsFile;
import dev.whence.run.RunFolder;
import dev.whence.run.RunManifest;
import dev.whence.run.Workbench;
import dev.whence.tensor.Scope;
import dev.whence.tensor.Tensor;
import dev.whence.tensor.Tensors;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a fit writes for which settings. */
class FitContentsTest {
  @TempDir private Path folder;

  @Test
  void subsetsAreFittedAsIfTheRestWereNotThere() {
    RunFolder run =
        fits().fit("subset", SETTINGS.withCovarianceSequences(7).withLambdaSequences(5));
    assertThat(run.manifest().covarianceSequences()).isEqualTo(7);
    assertThat(run.manifest().lambdaSequences()).isEqualTo(5);
    assertThat(run.manifest().corpus().sequences()).isEqualTo(40);
    Map<String, int[]> documents = documents();
    List<String> ids = new ArrayList<>();
    long positions = 0;
    for (int n = 0; n < 7; n++) {
      String id = "d" + Selection.spread(40, 7).at(n);
      ids.add(id);
      positions += Objects.requireNonNull(documents.get(id)).length - 1;
    }
    assertThat(run.manifest().covariancePositions()).isEqualTo(positions);
    assertThat(run.manifest().positionsPerSequence()).isEqualTo(positions / 7.0);
    RunFolder alone = fits().fit("alone", only(ids), SETTINGS);
    assertThat(error(run, alone, "activation_covariance")).isLessThan(1e-12);
    assertThat(error(run, alone, "gradient_covariance")).isLessThan(1e-12);
    List<String> five = new ArrayList<>();
    for (int n = 0; n < 5; n++) {
      five.add("d" + Selection.spread(40, 5).at(n));
    }
    assertThat(error(run, fits().fit("five", only(five), SETTINGS), "diagonal")).isLessThan(1e-12);
  }

  @Test
  void moreSequencesThanThereAreMeansAll() {
    RunManifest manifest =
        fits()
            .fit("more", SETTINGS.withCovarianceSequences(41).withLambdaSequences(9999))
            .manifest();
    assertThat(manifest.covarianceSequences()).isEqualTo(40);
    assertThat(manifest.lambdaSequences()).isEqualTo(40);
  }

  @Test
  void blocksAreTheDiagonalBlocksOfTheWhole() {
    RunFolder whole = fits().fit("whole", SETTINGS);
    RunFolder halves = fits().fit("halves", SETTINGS.withBlocks(2));
    try (Scope _ = Scope.open()) {
      for (String side : List.of("activation", "gradient")) {
        Blocks blocks = new Blocks(side.equals("activation") ? 129 : 32, 2);
        double[] covariance = Workbench.factor(whole, LAYER, side + "_covariance");
        Tensor matrix = Tensors.of(covariance, blocks.size(), blocks.size());
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
      RunFolder run = fits().fit("" + kind, SETTINGS.withCurvatures(EnumSet.of(kind)));
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
    FitSettings all = SETTINGS.withLayers(LayerSelection.LINEAR);
    RunFolder run = fits().fit("llama", "llama", documents(), all);
    Map<String, String> shared = new LinkedHashMap<>();
    run.manifest().layers().stream()
        .filter(layer -> layer.name().startsWith("model.layers.1."))
        .forEach(
            l -> shared.put(tail(l.name()), l.sharesInputWith().map(s -> tail(s)).orElse("none")));
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

  private SmallFits fits() {
    return new SmallFits(folder);
  }
}
