package dev.whence.fit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.whence.Progress;
import dev.whence.corpus.Corpus;
import dev.whence.corpus.Selection;
import dev.whence.model.LanguageModel;
import dev.whence.model.LayerSelection;
import dev.whence.model.Linear;
import dev.whence.run.Workbench;
import dev.whence.tensor.DType;
import dev.whence.tensor.Scope;
import dev.whence.testing.Oracle;
import dev.whence.testing.TestDevice;
import dev.whence.trace.CorpusPass;
import dev.whence.trace.PassRanges;
import dev.whence.trace.PassState;
import dev.whence.trace.Targets;
import dev.whence.trace.Trace;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What several devices or machines would do: each some ranges, in any order, merged in order. */
@Tag(TestDevice.TAG)
class RangesTest {
  private static final long SEED = 3;

  @TempDir private Path folder;

  @Test
  void rangesByThemselvesMergeToTheWholePassToTheLastBit() {
    int[] lengths = new Random(SEED).ints(600, 9, 20).toArray();
    try (LanguageModel model =
            LanguageModel.load(Oracle.of("gpt2").model(), DType.FLOAT32, TestDevice.DEVICE);
        Corpus corpus = Workbench.corpus(folder, Workbench.documents(SEED, lengths))) {
      List<Linear> layers = LayerSelection.MLP.of(model);
      PassRanges ranges = PassRanges.of(corpus, Selection.all(corpus.size()), 1);
      assertThat(ranges.severalChunks()).as("ranges of several chunks").isTrue();
      try (Scope _ = Scope.open();
          Covariances whole = sums(model, layers);
          Covariances merged = sums(model, layers)) {
        pass(model, layers, corpus, ranges, new PassRanges.Range(0, corpus.size()), whole);
        for (int r = 0; r < ranges.count(); r++) {
          try (Covariances alone = sums(model, layers)) {
            pass(model, layers, corpus, ranges, ranges.range(r), alone);
            merged.merge(alone);
          }
        }
        assertThat(merged.counts()).isEqualTo(whole.counts());
        whole
            .sums()
            .forEach((name, sum) ->
                assertThat(Objects.requireNonNull(merged.sums().get(name)).total().toDoubles())
                    .as("%s, seed %d", name, SEED)
                    .isEqualTo(sum.total().toDoubles()));
      }
    }
  }

  private static Covariances sums(LanguageModel model, List<Linear> layers) {
    return new Covariances(
        layers, InputGroups.of(model, layers), 1, DType.FLOAT32, TestDevice.DEVICE, true);
  }

  private static void pass(
      LanguageModel model,
      List<Linear> layers,
      Corpus corpus,
      PassRanges ranges,
      PassRanges.Range range,
      PassState state) {
    new CorpusPass(corpus, Selection.all(corpus.size()), ranges, 40, TestDevice.DEVICE)
        .run(
            range,
            (_, batch) -> state.add(Trace.of(model, layers, batch, new Targets.Given()), batch),
            next -> {
              state.endChunk(ranges.endsRange(next));
              state.requireFinite(); // as in a fit: a look that must not change the sums
            },
            Progress.NONE.begin("", 0, ""));
  }
}
