package dev.whence.trace;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.whence.model.LanguageModel;
import dev.whence.model.Linear;
import dev.whence.model.ModelFolder;
import dev.whence.tensor.DType;
import dev.whence.tensor.Device;
import dev.whence.tensor.Scope;
import dev.whence.tensor.Tensor;
import dev.whence.testing.Oracle;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TraceSlicesTest {
  private static final long SEED = 5;

  @Test
  void sizesAreEvenAndGiveEveryCoreAsMany() {
    assertThat(TraceSlices.sizes(16, 256, 2)).containsExactly(4, 4, 4, 4);
    assertThat(TraceSlices.sizes(8, 512, 2)).containsExactly(2, 2, 2, 2);
    assertThat(TraceSlices.sizes(5, 256, 2)).containsExactly(2, 3);
    assertThat(TraceSlices.sizes(3, 4000, 2)).containsExactly(1, 1, 1);
    assertThat(TraceSlices.sizes(16, 256, 16)).hasSize(16).containsOnly(1);
  }

  @Test
  void tooFewSequencesOrOneCoreLeaveTheBatchWhole() {
    assertThat(TraceSlices.sizes(1, 4096, 2)).containsExactly(1);
    assertThat(TraceSlices.sizes(7, 512, 16)).containsExactly(7);
    assertThat(TraceSlices.sizes(16, 256, 1)).containsExactly(16);
  }

  @Test
  void everySequenceIsInOneSlice() {
    Random random = new Random(SEED);
    for (int i = 0; i < 1000; i++) {
      int sequences = 1 + random.nextInt(300);
      int positions = 1 + random.nextInt(5000);
      int cores = 1 + random.nextInt(70);
      assertThat(TraceSlices.sizes(sequences, positions, cores))
          .as("%d of %d on %d, seed %d", sequences, positions, cores, SEED)
          .allMatch(size -> size >= 1)
          .satisfies(
              sizes -> assertThat(sizes.stream().mapToInt(s -> s).sum()).isEqualTo(sequences));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"gpt2", "llama"})
  void slicesPutTogetherAreTheBatch(String name) {
    double tolerance = 1e-12;
    try (Scope _ = Scope.open();
        LanguageModel model =
            LanguageModel.load(Oracle.of(name).model(), DType.FLOAT64, Device.CPU)) {
      List<TokenBatch.Row> rows = new ArrayList<>();
      for (int i = 0; i < 5; i++) {
        rows.add(TokenBatch.Row.whole(ModelFolder.tokens(i, 3 + i), i));
      }
      TokenBatch batch = TokenBatch.of(rows, Device.CPU);
      List<Linear> layers = model.linears();
      Targets targets = new Targets.Sampled(1, 2);
      Trace whole =
          new TraceSlices(List.of(batch))
              .trace(b -> Trace.undivided(model, layers, b, targets, true));
      Trace joined =
          new TraceSlices(List.of(batch.narrow(0, 2), batch.narrow(2, 1), batch.narrow(3, 2)))
              .trace(b -> Trace.undivided(model, layers, b, targets, true));
      close(
          joined.logProbabilities().orElseThrow(),
          whole.logProbabilities().orElseThrow(),
          tolerance);
      for (int l = 0; l < layers.size(); l++) {
        Trace.Use expected = whole.uses(l).getFirst();
        Trace.Use actual = joined.uses(l).getFirst();
        close(actual.input(), expected.input(), tolerance);
        close(actual.gradient(), expected.gradient(), tolerance);
        for (int other = 0; other < l; other++) {
          assertThat(actual.input() == joined.uses(other).getFirst().input())
              .as("layers %d and %d share their input", other, l)
              .isEqualTo(expected.input() == whole.uses(other).getFirst().input());
        }
      }
    }
  }

  private static void close(Tensor actual, Tensor expected, double tolerance) {
    assertThat(actual.shape()).isEqualTo(expected.shape());
    double scale = Math.max(1e-3, expected.abs().max().item());
    assertThat(actual.minus(expected).abs().max().item() / scale).isCloseTo(0, within(tolerance));
  }
}
