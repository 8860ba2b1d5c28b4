package dev.whence.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.whence.InvalidInputException;
import dev.whence.Progress;
import dev.whence.corpus.Corpus;
import dev.whence.curvature.Curvature;
import dev.whence.curvature.CurvatureKind;
import dev.whence.curvature.Damping;
import dev.whence.curvature.LayerFactors;
import dev.whence.fit.Fit;
import dev.whence.fit.FitSettings;
import dev.whence.model.LanguageModel;
import dev.whence.model.LayerSelection;
import dev.whence.tensor.DType;
import dev.whence.tensor.Device;
import dev.whence.tensor.SafetensorsFile;
import dev.whence.tensor.Scope;
import dev.whence.tensor.Tensor;
import dev.whence.tensor.Tensors;
import dev.whence.testing.Oracle;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RunFolderTest {
  private static final String GATE = "model.layers.0.mlp.gate_proj";
  private static final String UP = "model.layers.0.mlp.up_proj";

  @TempDir private Path folder;

  @Test
  void loadedFactorsAreTheFilesAndSharedBasesAreOne() {
    RunFolder run = fit(EnumSet.allOf(CurvatureKind.class), 1);
    try (Scope _ = Scope.open();
        RunFolder.Factors factors = run.factors(DType.FLOAT64, Device.CPU)) {
      assertThat(factors.layers()).extracting(LayerFactors::layer).containsExactly(GATE, UP);
      LayerFactors.Kronecker gate = factors.layers().get(0).kronecker().orElseThrow();
      LayerFactors.Kronecker up = factors.layers().get(1).kronecker().orElseThrow();
      assertThat(up.activation()).isSameAs(gate.activation());
      assertThat(up.gradient()).isNotSameAs(gate.gradient());
      assertThat(up.positionsPerSequence()).isEqualTo(15.0 / 2);
      for (LayerFactors layer : factors.layers()) {
        String name = layer.layer();
        assertThat(layer.lambda().orElseThrow().toDoubles())
            .isEqualTo(Workbench.factor(run, name, "lambda"));
        assertThat(layer.diagonal().orElseThrow().toDoubles())
            .isEqualTo(Workbench.factor(run, name, "diagonal"));
        assertThat(layer.kronecker().orElseThrow().gradient().vectors().getFirst().toDoubles())
            .isEqualTo(Workbench.factor(run, name, "gradient_eigenvectors"));
      }
    }
  }

  @Test
  void blocksAreLoadedInOrder() {
    RunFolder run = fit(EnumSet.of(CurvatureKind.EKFAC), 3);
    try (Scope _ = Scope.open();
        RunFolder.Factors factors = run.factors(DType.FLOAT64, Device.CPU)) {
      LayerFactors.Kronecker pair = factors.layers().getFirst().kronecker().orElseThrow();
      assertThat(pair.activation().blocks().count()).isEqualTo(3);
      assertThat(pair.activation().blocks().size()).isEqualTo(32);
      for (int b = 0; b < 3; b++) {
        assertThat(pair.activation().vectors().get(b).toDoubles())
            .isEqualTo(Workbench.factor(run, GATE, "activation_eigenvectors." + b));
      }
    }
  }

  @Test
  void diagonalThatWasNotFittedNamesTheRemedy() {
    RunFolder run = fit(EnumSet.of(CurvatureKind.EKFAC), 1);
    try (RunFolder.Factors factors = run.factors(DType.FLOAT64, Device.CPU)) {
      LayerFactors first = factors.layers().getFirst();
      assertThatThrownBy(() -> first.curvature(CurvatureKind.DIAGONAL, Damping.DEFAULT).close())
          .isInstanceOf(InvalidInputException.class)
          .hasMessageContaining(GATE)
          .hasMessageContaining("--curvature diagonal");
      try (Curvature kfac = first.curvature(CurvatureKind.KFAC, Damping.DEFAULT)) {
        assertThat(kfac).isInstanceOf(Curvature.KroneckerEigen.class); // comes with EK-FAC
      }
    }
  }

  @ParameterizedTest
  @ValueSource(doubles = {0, 0.001, 0.5, 0.9999})
  void truncatedFactorsAreNamed(double share) throws IOException {
    RunFolder run = fit(EnumSet.of(CurvatureKind.EKFAC), 1);
    Path file = FactorsFile.path(run.path(), UP);
    byte[] whole = Files.readAllBytes(file);
    Files.write(file, Arrays.copyOf(whole, (int) (share * whole.length)));
    assertNamed(run, file);
  }

  @Test
  void lostFactorsAndAChangedBitAreNamed() throws IOException {
    RunFolder run = fit(EnumSet.of(CurvatureKind.EKFAC), 1);
    Path file = FactorsFile.path(run.path(), UP);
    byte[] bytes = Files.readAllBytes(file);
    bytes[bytes.length / 2] ^= 1;
    Files.write(file, bytes);
    assertNamed(run, file);
    Files.delete(file);
    assertNamed(run, file);
  }

  @Test
  void eigenvaluesWithoutEigenvectorsAreNamed() {
    Path file = folder.resolve("lost.safetensors");
    try (Scope _ = Scope.open()) {
      Tensor values = Tensors.of(new double[] {1, 2}, 2);
      SafetensorsFile.write(file, Map.of("gradient_eigenvalues", values), Map.of());
      try (SafetensorsFile lost = SafetensorsFile.open(file)) {
        assertThatThrownBy(() -> FactorsFile.gradient(lost, DType.FLOAT64, Device.CPU))
            .isInstanceOf(InvalidInputException.class)
            .hasMessage(file + " has eigenvalues but no gradient_eigenvectors");
        assertThat(FactorsFile.activation(lost, DType.FLOAT64, Device.CPU)).isEmpty();
      }
    }
  }

  private static void assertNamed(RunFolder run, Path file) {
    assertThatThrownBy(() -> run.factors(DType.FLOAT64, Device.CPU).close())
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining(file.toString());
  }

  @Test
  void modelThatChangedIsRefused() throws IOException {
    RunFolder run = fit(EnumSet.of(CurvatureKind.IDENTITY), 1);
    List<Path> files = LanguageModel.files(Oracle.of("llama").model());
    assertThat(files).hasSize(2); // config and weights
    assertThat(run.verifiedModel(files)).isEqualTo(Oracle.of("llama").model());
    for (Path file : files) {
      Path copy = folder.resolve(file.getFileName());
      byte[] bytes = Files.readAllBytes(file);
      Files.write(copy, bytes);
      List<Path> changed = files.stream().map(f -> f.equals(file) ? copy : f).toList();
      run.verifiedModel(changed); // moved, but the same
      bytes[bytes.length - 2] ^= 1;
      Files.write(copy, bytes);
      assertThatThrownBy(() -> run.verifiedModel(changed))
          .as(file.toString())
          .isInstanceOf(InvalidInputException.class)
          .hasMessageContaining("has changed since")
          .hasMessageContaining("--force");
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "is damaged|{\"kind\": \"run\", \"format\"",
        "is damaged|",
        "not a run folder|{\"name\": 1}",
        "not a run folder|[]",
        "not a run folder|null",
        "is a results folder, not a run folder|{\"kind\": \"results\", \"format\": 1}",
        "has format 2|{\"kind\": \"run\", \"format\": 2}"
      })
  void folderThatIsNoRunSaysWhatItIs(String messageAndManifest) throws IOException {
    int bar = messageAndManifest.indexOf('|');
    Files.writeString(folder.resolve("manifest.json"), messageAndManifest.substring(bar + 1));
    assertThatThrownBy(() -> RunFolder.open(folder))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining(folder.toString())
        .hasMessageContaining(messageAndManifest.substring(0, bar));
  }

  @Test
  void missingFolderIsSaidToBeNoRun() {
    assertThatThrownBy(() -> RunFolder.open(folder.resolve("nowhere")))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("nowhere does not exist; make a run folder with");
  }

  private RunFolder fit(EnumSet<CurvatureKind> kinds, int blocks) {
    FitSettings settings =
        FitSettings.DEFAULT
            .withLayers(new LayerSelection("model\\.layers\\.0\\.mlp\\.(gate|up)_proj"))
            .withCurvatures(kinds)
            .withBlocks(blocks)
            .computing(c -> c.withType(DType.FLOAT64));
    try (LanguageModel model = Workbench.model("llama");
        Corpus corpus = Workbench.corpus(folder, Workbench.documents(1, 8, 9))) {
      Path source = Oracle.of("llama").model();
      Path out = folder.resolve("run");
      return Fit.run(model, source, corpus, settings, out, false, Progress.NONE);
    }
  }
}
