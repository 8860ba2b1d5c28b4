package dev.whence.trace;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.whence.model.LanguageModel;
import dev.whence.model.LayerSelection;
import dev.whence.model.Linear;
import dev.whence.model.ModelFolder;
import dev.whence.model.Tap;
import dev.whence.tensor.DType;
import dev.whence.tensor.Device;
import dev.whence.tensor.Scope;
import dev.whence.tensor.Tensor;
import dev.whence.tensor.Tensors;
import dev.whence.testing.Oracle;
import dev.whence.trace.TokenBatch.Row;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TraceTest {
  private static final long SEED = 17;

  /** Different lengths, context, one token alone, and nothing scored. */
  private static final List<Row> ROWS =
      List.of(
          Row.whole(ModelFolder.tokens(1, 6), 1),
          new Row(ModelFolder.tokens(2, 9), 5, 2),
          Row.whole(ModelFolder.tokens(3, 1), 3),
          new Row(ModelFolder.tokens(4, 3), 3, 4),
          Row.whole(ModelFolder.tokens(5, 2), 5));

  @ParameterizedTest
  @ValueSource(strings = {"gpt2", "gpt_neox", "llama", "qwen2", "qwen3", "olmo2"})
  void sequenceGradientsAreTheSlopesOfTheLogLikelihood(String name) {
    double step = 1e-4;
    double tolerance = 1e-6;
    Random random = new Random(SEED);
    try (Scope _ = Scope.open();
        LanguageModel model = load(name)) {
      List<Linear> layers =
          model.linears().stream()
              .filter(l -> model.parameters().containsKey(l.name() + ".weight")) // not a tied head
              .toList();
      TokenBatch batch = TokenBatch.of(ROWS, Device.CPU);
      Trace trace = Trace.of(model, layers, batch, new Targets.Given());
      for (int l = 0; l < layers.size(); l++) {
        Linear layer = layers.get(l);
        Tensor gradients = trace.sequenceGradients(l);
        int out = layer.outputs();
        int in = layer.inputs();
        assertThat(gradients.shape()).as(layer.name()).containsExactly(ROWS.size(), out, in);
        double[] values = gradients.toDoubles();
        double scale = Arrays.stream(values).map(Math::abs).max().orElseThrow();
        assertThat(scale).as("%s has gradients at all", layer.name()).isGreaterThan(1e-3);
        for (int n = 0; n < 4; n++) {
          int o = random.nextInt(out);
          int i = n == 0 ? in - 1 : random.nextInt(in); // the last may be the bias
          double[] slopes = slopes(model, layer, o, i, batch, step);
          for (int b = 0; b < ROWS.size(); b++) {
            assertThat(values[(b * out + o) * in + i] / scale)
                .as("%s [%d, %d], sequence %d, seed %d", layer.name(), o, i, b, SEED)
                .isCloseTo(slopes[b] / scale, within(tolerance));
          }
        }
      }
    }
  }

  /** How each sequence's log-likelihood changes with one entry of {@code [W b]}. */
  private static double[] slopes(
      LanguageModel model, Linear layer, int o, int i, TokenBatch batch, double step) {
    boolean bias = layer.hasBias() && i == layer.inputs() - 1;
    Tensor parameter = parameter(model, layer.name() + (bias ? ".bias" : ".weight"));
    boolean conv1d = model.architecture().equals("gpt2"); // stored [in, out]
    int width = layer.inputs() - (layer.hasBias() ? 1 : 0);
    int index = bias ? o : conv1d ? i * layer.outputs() + o : o * width + i;
    Tensor entry = parameter.reshape(-1).narrow(0, index, 1);
    Tensor move = Tensors.of(new double[] {step}, 1);
    double[] up = logLikelihoods(model, batch, entry.plusInPlace(move));
    double[] down = logLikelihoods(model, batch, entry.plusInPlace(move, -2));
    entry.plusInPlace(move);
    double[] slopes = new double[up.length];
    Arrays.setAll(slopes, b -> (up[b] - down[b]) / (2 * step));
    return slopes;
  }

  private static double[] logLikelihoods(LanguageModel model, TokenBatch batch, Tensor moved) {
    assertThat(moved.elements()).isOne();
    try (Scope _ = Scope.open()) {
      Tensor logits = model.logits(batch.inputs(), Tap.NONE);
      return batch.logProbabilities(logits).sum(1).toDoubles();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"gpt2", "gpt_neox", "llama", "qwen2", "qwen3", "olmo2"})
  void paddingAndNeighboursChangeNothing(String name) {
    // Attention in float32 sums rows of other lengths in another order.
    double tolerance = name.equals("gpt2") ? 1e-12 : 2e-6;
    try (Scope _ = Scope.open();
        LanguageModel model = load(name)) {
      List<Linear> layers = model.linears();
      TokenBatch all = TokenBatch.of(ROWS, Device.CPU);
      Tensor logits = model.logits(all.inputs(), Tap.NONE);
      Trace trace = Trace.of(model, layers, all, new Targets.Given());
      for (int b = 0; b < ROWS.size(); b++) {
        TokenBatch alone = TokenBatch.of(List.of(ROWS.get(b)), Device.CPU);
        int positions = ROWS.get(b).tokens().length - 1;
        assertNear(
            "logits of " + b,
            logits.narrow(0, b, 1).narrow(1, 0, positions),
            model.logits(alone.inputs(), Tap.NONE).narrow(1, 0, positions),
            tolerance);
        Trace one = Trace.of(model, layers, alone, new Targets.Given());
        for (int l = 0; l < layers.size(); l++) {
          String what = layers.get(l).name() + " of sequence " + b;
          Trace.Use use = trace.uses(l).getFirst().narrow(b, 1);
          Trace.Use expected = one.uses(l).getFirst();
          assertNear(
              "inputs of " + what,
              use.input().narrow(1, 0, positions),
              expected.input().narrow(1, 0, positions),
              tolerance);
          assertNear(
              "gradients of " + what,
              use.gradient().narrow(1, 0, positions),
              expected.gradient().narrow(1, 0, positions),
              tolerance);
          assertNear(
              "sequence gradient of " + what,
              trace.sequenceGradients(l).narrow(0, b, 1),
              one.sequenceGradients(l),
              tolerance * 10);
          int padding = all.positions() - positions;
          for (Tensor padded : List.of(use.input(), use.gradient())) {
            assertThat(padded.narrow(1, positions, padding).abs().sum().item())
                .as("padding of %s", what)
                .isZero();
          }
        }
      }
    }
  }

  @Test
  void sequenceOfOneTokenHasNoGradientAndNoNan() {
    try (Scope _ = Scope.open();
        LanguageModel model = load("llama")) {
      TokenBatch batch = TokenBatch.of(List.of(Row.whole(new int[] {7}, 0)), Device.CPU);
      for (Targets targets : List.<Targets>of(new Targets.Given(), new Targets.Sampled(1, 0))) {
        Trace trace = Trace.of(model, model.linears(), batch, targets);
        for (int l = 0; l < model.linears().size(); l++) {
          assertThat(trace.sequenceGradients(l).abs().sum().item()).isZero(); // NaN is not
        }
      }
    }
  }

  @Test
  void layersThatReadTheSameValueShareOneInput() {
    try (Scope _ = Scope.open();
        LanguageModel model = load("qwen2")) { // q, k and v with a bias, gate and up without
      List<Linear> layers = model.linears();
      TokenBatch batch = TokenBatch.of(ROWS, Device.CPU);
      Trace trace = Trace.of(model, layers, batch, new Targets.Given());
      Tensor q = input(trace, layers, "model.layers.0.self_attn.q_proj");
      assertThat(input(trace, layers, "model.layers.0.self_attn.k_proj")).isSameAs(q);
      assertThat(input(trace, layers, "model.layers.0.self_attn.v_proj")).isSameAs(q);
      assertThat(input(trace, layers, "model.layers.1.self_attn.q_proj")).isNotSameAs(q);
      Tensor gate = input(trace, layers, "model.layers.0.mlp.gate_proj");
      assertThat(input(trace, layers, "model.layers.0.mlp.up_proj")).isSameAs(gate);
      assertThat(input(trace, layers, "model.layers.0.mlp.down_proj")).isNotSameAs(gate);
    }
  }

  @Test
  void trackingFewerLayersLeavesTheOthersGradients() {
    try (Scope _ = Scope.open();
        LanguageModel model = load("gpt2")) {
      TokenBatch batch = TokenBatch.of(ROWS, Device.CPU);
      List<Linear> all = model.linears();
      Trace every = Trace.of(model, all, batch, new Targets.Given());
      List<Linear> some = new ArrayList<>(List.of(all.get(6), all.get(2))); // not in forward order
      Trace few = Trace.of(model, some, batch, new Targets.Given());
      assertNear("sixth", few.sequenceGradients(0), every.sequenceGradients(6), 1e-12);
      assertNear("second", few.sequenceGradients(1), every.sequenceGradients(2), 1e-12);
    }
  }

  @Test
  void tiedHeadIsOneUseOfItsOwn() {
    try (Scope _ = Scope.open();
        LanguageModel model = load("gpt2")) {
      List<Linear> head = List.of(model.linear("lm_head").orElseThrow());
      Row row = Row.whole(ModelFolder.tokens(6, 5), 0);
      TokenBatch batch = TokenBatch.of(List.of(row), Device.CPU);
      Trace trace = Trace.of(model, head, batch, new Targets.Given());
      assertThat(trace.uses(0)).hasSize(1);
      // sum over positions of (one-hot - softmax) h^T, by loops
      List<Tensor> seen = new ArrayList<>();
      double[] p =
          softmax(
              model.logits(
                  batch.inputs(),
                  (layer, input, output) -> {
                    if (layer.name().equals("lm_head")) {
                      seen.add(input);
                    }
                    return output;
                  }));
      double[] h = seen.getFirst().toDoubles();
      double[] expected = new double[128 * 32];
      for (int t = 0; t < 4; t++) {
        for (int v = 0; v < 128; v++) {
          double d = (row.tokens()[t + 1] == v ? 1 : 0) - p[t * 128 + v];
          for (int i = 0; i < 32; i++) {
            expected[v * 32 + i] += d * h[t * 32 + i];
          }
        }
      }
      assertNear("head", trace.sequenceGradients(0), Tensors.of(expected, 1, 128, 32), 1e-12);
    }
  }

  @Test
  void allUsesOfALayerCount() {
    try (Scope _ = Scope.open()) {
      Tensor a = Tensors.of(new double[] {1, 2, 3, 4}, 1, 2, 2);
      Tensor d = Tensors.of(new double[] {1, 10}, 1, 2, 1);
      Trace.Use use = new Trace.Use(a, d);
      Trace.Use other = new Trace.Use(a.times(100), d);
      assertThat(Trace.sequenceGradients(List.of(use)).toDoubles()).containsExactly(31, 42);
      assertThat(Trace.sequenceGradients(List.of(use, other, use)).toDoubles())
          .containsExactly(3162, 4284);
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {0, 1, 2, 3, 5, 100})
  void slicesCoverEachSequenceOnceInOrder(long count) {
    try (Scope _ = Scope.open();
        LanguageModel model = load("gpt2")) {
      TokenBatch batch = TokenBatch.of(ROWS, Device.CPU);
      Trace trace = Trace.of(model, LayerSelection.MLP.of(model), batch, new Targets.Given());
      Tensor whole = trace.sequenceGradients(1);
      List<Long> seen = new ArrayList<>();
      trace.slices(
          1,
          count,
          (first, uses) -> {
            Tensor part = Trace.sequenceGradients(uses);
            assertThat(part.size(0)).isLessThanOrEqualTo(Math.max(1, count));
            assertNear("from " + first, part, whole.narrow(0, first, part.size(0)), 1e-12);
            for (long b = first; b < first + part.size(0); b++) {
              seen.add(b);
            }
          });
      assertThat(seen).containsExactly(0L, 1L, 2L, 3L, 4L);
    }
  }

  @Test
  void inputIsAllOnesInTheBiasColumnOfRealPositions() {
    try (Scope _ = Scope.open();
        LanguageModel model = load("gpt2")) {
      TokenBatch batch = TokenBatch.of(ROWS, Device.CPU);
      Trace trace = Trace.of(model, model.linears(), batch, new Targets.Given());
      Tensor ones = trace.uses(0).getFirst().input().select(2, 32);
      assertThat(ones.toDoubles()).isEqualTo(batch.real().orElseThrow().toDoubles());
    }
  }

  @Test
  void halfPrecisionModelLeavesFloat32() {
    try (Scope _ = Scope.open();
        LanguageModel model =
            LanguageModel.load(Oracle.of("llama").model(), DType.BFLOAT16, Device.CPU)) {
      TokenBatch batch = TokenBatch.of(ROWS, Device.CPU);
      Trace.Use use =
          Trace.of(model, model.linears(), batch, new Targets.Given()).uses(0).getFirst();
      assertThat(use.input().type()).isEqualTo(DType.FLOAT32);
      assertThat(use.gradient().type()).isEqualTo(DType.FLOAT32);
    }
  }

  private static Tensor input(Trace trace, List<Linear> layers, String name) {
    for (int l = 0; l < layers.size(); l++) {
      if (layers.get(l).name().equals(name)) {
        return trace.uses(l).getFirst().input();
      }
    }
    throw new AssertionError(name);
  }

  private static double[] softmax(Tensor logits) {
    return dev.whence.tensor.Functions.softmax(logits).toDoubles();
  }

  private static Tensor parameter(LanguageModel model, String name) {
    return Optional.ofNullable(model.parameters().get(name)).orElseThrow();
  }

  private static void assertNear(String what, Tensor actual, Tensor expected, double tolerance) {
    assertThat(actual.shape()).as(what).isEqualTo(expected.shape());
    if (actual.elements() > 0) {
      assertThat(actual.isFinite()).as("%s is finite", what).isTrue();
      double scale = Math.max(1, expected.abs().max().item());
      assertThat(actual.minus(expected).abs().max().item() / scale)
          .as(what)
          .isLessThanOrEqualTo(tolerance);
    }
  }

  private static LanguageModel load(String name) {
    return LanguageModel.load(Oracle.of(name).model(), DType.FLOAT64, Device.CPU);
  }
}
