package dev.whence.fit;

import dev.whence.Progress;
import dev.whence.corpus.Corpus;
import dev.whence.curvature.CurvatureKind;
import dev.whence.curvature.Dense;
import dev.whence.model.LanguageModel;
import dev.whence.model.LayerSelection;
import dev.whence.run.RunFolder;
import dev.whence.run.Workbench;
import dev.whence.tensor.DType;
import dev.whence.tensor.Device;
import dev.whence.testing.Oracle;
import dev.whence.testing.TestDevice;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** Fits of the golden GPT-2 to small corpora. */
record SmallFits(Path folder) {
  static final long SEED = 13;
  static final String LAYER = "transformer.h.1.mlp.c_proj"; // [32, 129]
  static final FitSettings SETTINGS =
      FitSettings.DEFAULT
          .computing(TestDevice::compute)
          .withKeepCovariances(true)
          .withLayers(new LayerSelection(".*\\.(0\\.attn|1\\.mlp)\\.c_proj"))
          .withCurvatures(EnumSet.of(CurvatureKind.EKFAC, CurvatureKind.DIAGONAL))
          .computing(c -> c.withType(DType.FLOAT64).withBatchTokens(200));

  static Device device() {
    return TestDevice.DEVICE;
  }

  /** Forty documents d0, d1, .. */
  static Map<String, int[]> documents() {
    return Workbench.documents(SEED, Workbench.lengths(SEED, 40));
  }

  /** Some of them, in this order. */
  static Map<String, int[]> only(List<String> ids) {
    Map<String, int[]> documents = documents();
    Map<String, int[]> some = new LinkedHashMap<>();
    ids.forEach(id -> some.put(id, Objects.requireNonNull(documents.get(id))));
    return some;
  }

  /** How far a tensor of {@link #LAYER} is from what is expected. */
  static double error(RunFolder actual, RunFolder expected, String name) {
    return Dense.error(
        Workbench.factor(actual, LAYER, name), Workbench.factor(expected, LAYER, name));
  }

  RunFolder fit(String name, FitSettings settings) {
    return fit(name, documents(), settings);
  }

  RunFolder fit(String name, Map<String, int[]> documents, FitSettings settings) {
    return fit("gpt2", name, documents, settings);
  }

  RunFolder fit(String oracle, String name, Map<String, int[]> documents, FitSettings settings) {
    try (LanguageModel model = Workbench.model(oracle);
        Corpus corpus = Workbench.corpus(folder.resolve(name), documents)) {
      Path source = Oracle.of(oracle).model();
      Path out = folder.resolve(name).resolve("run");
      return Fit.run(model, source, corpus, settings, out, false, Progress.NONE);
    }
  }
}
