package dev.whence.attribution;

import static org.assertj.core.api.Assertions.assertThat;

import dev.whence.Progress;
import dev.whence.corpus.Corpus;
import dev.whence.curvature.CurvatureKind;
import dev.whence.fit.Fit;
import dev.whence.fit.FitSettings;
import dev.whence.model.LanguageModel;
import dev.whence.model.LayerSelection;
import dev.whence.results.ResultsFolder;
import dev.whence.run.Interruption;
import dev.whence.run.RunFolder;
import dev.whence.run.Workbench;
import dev.whence.tensor.DType;
import dev.whence.testing.Oracle;
import dev.whence.testing.TestDevice;
import java.nio.file.Path;
import java.util.Collections;
import java.util.EnumSet;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Several devices give the numbers of one. Named twice, a device is two: each has a model, sums and
 * queries of its own.
 */
@Tag(TestDevice.TAG)
class SeveralDevicesTest {
  private static final long SEED = 23;
  private static final FitSettings SETTINGS =
      FitSettings.DEFAULT
          .computing(TestDevice::compute)
          .withLayers(new LayerSelection(".*\\.1\\.attn\\..*"))
          .withCurvatures(EnumSet.of(CurvatureKind.EKFAC, CurvatureKind.DIAGONAL))
          .computing(c -> c.withType(DType.FLOAT32).withBatchTokens(1));

  @TempDir private Path folder;

  private static FitSettings on(int devices, FitSettings settings) {
    return settings.computing(c -> c.withDevices(Collections.nCopies(devices, TestDevice.DEVICE)));
  }

  private RunFolder fit(String name, int[] lengths, FitSettings settings, Progress progress) {
    Path source = Oracle.of("gpt2").model();
    try (LanguageModel model = LanguageModel.load(source, DType.FLOAT32, TestDevice.DEVICE);
        Corpus corpus =
            Workbench.corpus(folder.resolve("corpus"), Workbench.documents(SEED, lengths))) {
      return Fit.run(model, source, corpus, settings, folder.resolve(name), false, progress);
    }
  }

  private static Map<String, String> factors(RunFolder run) {
    return Workbench.contents(run.path().resolve("factors"));
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 3})
  void fitTheSameFactorsToTheLastBit(int devices) {
    int[] lengths = new Random(SEED).ints(40, 2, 20).toArray();
    RunFolder expected = fit("one", lengths, SETTINGS, Progress.NONE);
    assertThat(factors(fit("several", lengths, on(devices, SETTINGS), Progress.NONE)))
        .isEqualTo(factors(expected));
  }

  @Test
  void fitTheDiagonalAlone() {
    int[] lengths = new Random(SEED).ints(20, 2, 20).toArray();
    FitSettings diagonal = SETTINGS.withCurvatures(EnumSet.of(CurvatureKind.DIAGONAL));
    assertThat(factors(fit("several", lengths, on(2, diagonal), Progress.NONE)))
        .isEqualTo(factors(fit("one", lengths, diagonal, Progress.NONE)));
  }

  /** So many sequences that a range has several chunks. */
  @Test
  void whatOneBeganInTheMiddleOfARangeSeveralEnd() {
    int[] lengths = new Random(SEED).ints(600, 9, 20).toArray();
    FitSettings settings = SETTINGS.computing(c -> c.withCheckpointSeconds(0));
    RunFolder expected = fit("one", lengths, settings, Progress.NONE);
    for (int cut : new int[] {2, 5, 8, 300}) {
      String name = "cut" + cut;
      Interruption interruption = Interruption.at(cut);
      try {
        fit(name, lengths, settings, interruption);
      } catch (Interruption.PowerCut e) {
        // as it should be
      }
      assertThat(factors(fit(name, lengths, on(2, settings), Progress.NONE)))
          .as("cut at report %d", cut)
          .isEqualTo(factors(expected));
    }
  }

  @Test
  void scanTheSameScoresAndTables() {
    try (Bench bench = Bench.open(folder)) {
      for (AttributionSettings settings :
          new AttributionSettings[] {
            Bench.ALL.computing(c -> c.withBatchTokens(20)),
            Bench.ALL.withRank(2).withTop(3).computing(c -> c.withBatchTokens(1))
          }) {
        String name = "rank" + settings.rank();
        ResultsFolder one = bench.attribute(name + "-one", settings);
        for (int devices = 2; devices <= 3; devices++) {
          int count = devices;
          ResultsFolder several =
              bench.attribute(
                  name + "-" + devices,
                  settings.computing(
                      c -> c.withDevices(Collections.nCopies(count, TestDevice.DEVICE))));
          for (String scores : new String[] {"influence", "tokenwise", "self_influence"}) {
            assertThat(Bench.scores(several, scores)).isEqualTo(Bench.scores(one, scores));
          }
          assertThat(Bench.tables(several)).isEqualTo(Bench.tables(one));
        }
      }
    }
  }
}
