package dev.whence.fit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.whence.Progress;
import dev.whence.corpus.Corpus;
import dev.whence.corpus.Selection;
import dev.whence.curvature.Curvature;
import dev.whence.curvature.CurvatureKind;
import dev.whence.curvature.Damping;
import dev.whence.curvature.Fisher;
import dev.whence.model.LanguageModel;
import dev.whence.model.LayerSelection;
import dev.whence.model.Linear;
import dev.whence.run.RunFolder;
import dev.whence.run.Workbench;
import dev.whence.tensor.DType;
import dev.whence.tensor.Device;
import dev.whence.tensor.Scope;
import dev.whence.tensor.Tensor;
import dev.whence.tensor.Tensors;
import dev.whence.testing.Oracle;
import dev.whence.trace.CorpusPass;
import dev.whence.trace.Pass;
import dev.whence.trace.TokenBatch;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Against the fit that writes a run folder. */
class MemoryFitTest {
  private static final long SEED = 9;

  @TempDir private Path folder;

  @ParameterizedTest
  @ValueSource(strings = {"gpt2", "llama"}) // with biases; with layers that share an input
  void givesTheFactorsThatARunFolderHas(String family) {
    try (Scope _ = Scope.open();
        LanguageModel model = Workbench.model(family);
        Corpus corpus = Workbench.corpus(folder, Workbench.documents(SEED, 9, 24, 5, 12, 2, 7))) {
      List<Linear> layers = LayerSelection.MLP.of(model);
      FitSettings settings =
          FitSettings.DEFAULT
              .withCurvatures(EnumSet.allOf(CurvatureKind.class))
              .withFisher(Fisher.SAMPLED)
              .withSeed(SEED)
              .computing(c -> c.withBatchTokens(40).withType(DType.FLOAT64));
      RunFolder run =
          Fit.run(
              model,
              Oracle.of(family).model(),
              corpus,
              settings,
              folder.resolve("run"),
              false,
              Progress.NONE);
      CorpusPass pass = new CorpusPass(corpus, Selection.all(corpus.size()), 40, Device.CPU);
      // In the same batches: where a covariance has no rank, rounding chooses its eigenvectors.
      Pass data =
          step ->
              pass.run(
                  0,
                  (_, batch) -> step.accept(batch),
                  _ -> {},
                  Progress.NONE.begin("", corpus.size(), ""));
      TokenBatch probe =
          TokenBatch.of(List.of(TokenBatch.Row.whole(new int[] {1, 2}, 0)), Device.CPU);
      Random random = new Random(SEED);
      try (MemoryFit memory = MemoryFit.of(model, layers, data, probe, settings);
          RunFolder.Factors saved = run.factors(DType.FLOAT64, Device.CPU)) {
        for (int l = 0; l < layers.size(); l++) {
          Linear layer = layers.get(l);
          Tensor v =
              Tensors.of(
                  random.doubles(layer.shape().elements(), -1, 1).toArray(),
                  layer.outputs(),
                  layer.inputs());
          for (CurvatureKind kind : CurvatureKind.values()) {
            try (Curvature here = memory.layers().get(l).curvature(kind, Damping.DEFAULT);
                Curvature there = saved.layers().get(l).curvature(kind, Damping.DEFAULT)) {
              Tensor expected = there.precondition(v);
              Tensor difference = here.precondition(v).minus(expected);
              assertThat(difference.norm().item() / expected.norm().item())
                  .as("%s, %s", layer.name(), kind)
                  .isLessThan(1e-9);
            }
          }
        }
      }
    }
  }
}
