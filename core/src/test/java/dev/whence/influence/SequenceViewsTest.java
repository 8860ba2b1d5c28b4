package dev.whence.influence;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.whence.Progress;
import dev.whence.corpus.Query;
import dev.whence.curvature.Curvature;
import dev.whence.model.LanguageModel;
import dev.whence.model.LayerSelection;
import dev.whence.model.Linear;
import dev.whence.model.Tap;
import dev.whence.run.Workbench;
import dev.whence.tensor.Device;
import dev.whence.tensor.Scope;
import dev.whence.tensor.Tensor;
import dev.whence.tensor.Tensors;
import dev.whence.trace.Targets;
import dev.whence.trace.TokenBatch;
import dev.whence.trace.Trace;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** In float64, against sums and finite differences. */
class SequenceViewsTest {
  private static final long SEED = 31;
  private static final double STEP = 1e-5;

  /** What is asked about which sequence. */
  private record Setup(
      LanguageModel model, List<Linear> layers, PreconditionedQueries queries, int[] tokens) {
    SequenceViews views() {
      return SequenceViews.of(model, layers, queries, 1, tokens);
    }

    /** The influence by its definition, with something added to the embedding of one token. */
    double influence(int token, Tensor change) {
      try (Scope _ = Scope.open()) {
        TokenBatch batch = batch();
        Trace trace =
            Trace.of(new Nudged(model, token, change), layers, batch, new Targets.Given());
        double sum = 0;
        for (int l = 0; l < layers.size(); l++) {
          Tensor d = trace.sequenceGradients(l).select(0, 0);
          sum += d.times(queries.layers().get(l).gradient(1)).sum().item();
        }
        return sum;
      }
    }

    TokenBatch batch() {
      return TokenBatch.of(List.of(TokenBatch.Row.whole(tokens, 0)), Device.CPU);
    }
  }

  /** A model that reads one token a little differently. */
  private record Nudged(LanguageModel inner, int token, Tensor change)
      implements dev.whence.model.Model {
    @Override
    public Tensor outputs(Tensor tokens, Tap tap) {
      return inner.logits(
          tokens,
          new Tap() {
            @Override
            public Tensor observe(Linear layer, Tensor input, Tensor output) {
              return tap.observe(layer, input, output);
            }

            @Override
            public Tensor embedded(Tensor embeddings) {
              Tensor moved = embeddings.copy();
              moved.select(1, token).plusInPlace(change);
              return moved;
            }
          });
    }

    @Override
    public List<Linear> linears() {
      return inner.linears();
    }

    @Override
    public dev.whence.tensor.DType type() {
      return inner.type();
    }

    @Override
    public Device device() {
      return inner.device();
    }
  }

  private interface Check {
    void run(Setup setup);
  }

  private static void with(String family, int rank, Check check) {
    int[][] tokens = Workbench.documents(SEED, 6, 9, 7).values().toArray(int[][]::new);
    List<Query> queries =
        Arrays.stream(tokens)
            .limit(2)
            .map(t ->
                new Query(
                    "" + t.length, Arrays.copyOf(t, 3), Arrays.copyOfRange(t, 3, t.length), "", ""))
            .toList();
    try (Scope _ = Scope.open();
        LanguageModel model = Workbench.model(family)) {
      List<Linear> layers = LayerSelection.MLP.of(model);
      List<Curvature> identity =
          layers.stream().<Curvature>map(_ -> new Curvature.Identity()).toList();
      try (PreconditionedQueries prepared =
          PreconditionedQueries.of(model, layers, queries, identity, rank, Progress.NONE)) {
        check.run(new Setup(model, layers, prepared, tokens[2]));
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"gpt2, 0", "gpt2, 2", "llama, 0", "gpt_neox, 0"})
  void layersTokensAndOutputTokensSumToTheInfluence(String family, int rank) {
    with(
        family,
        rank,
        s -> {
          double influence =
              s.influence(0, Tensors.zeros(s.model.type(), Device.CPU, width(s.model)));
          SequenceViews views = s.views();
          double tolerance = 1e-10 * Math.abs(influence);
          double cells =
              Arrays.stream(views.byLayerAndToken()).flatMapToDouble(Arrays::stream).sum();
          assertThat(cells).isCloseTo(influence, within(tolerance));
          assertThat(Arrays.stream(views.byOutputToken()).sum())
              .isCloseTo(influence, within(tolerance));
          assertThat(views.byLayerAndToken()[0]).hasSize(s.tokens.length);
          assertThat(views.byOutputToken()).hasSize(s.tokens.length).startsWith(0);
          assertThat(views.byInputToken()).hasSize(s.tokens.length).endsWith(0);
        });
  }

  @Test
  void anOutputTokenIsTheSlopeOfItsLogProbability() {
    with(
        "gpt2",
        0,
        s -> {
          double[] up = logProbabilities(s, STEP);
          double[] down = logProbabilities(s, -STEP);
          double[] actual = s.views().byOutputToken();
          for (int t = 0; t < up.length; t++) {
            assertThat(actual[t + 1])
                .isCloseTo((up[t] - down[t]) / (2 * STEP), within(1e-5 * largest(actual)));
          }
        });
  }

  private static double[] logProbabilities(Setup s, double step) {
    List<Tensor> before = s.layers.stream().map(Linear::matrix).toList();
    for (int l = 0; l < before.size(); l++) {
      Tensor p = s.queries.layers().get(l).gradient(1);
      s.layers.get(l).assign(before.get(l).plus(p.times(step)));
    }
    Tensor logits = s.model.logits(s.batch().inputs(), Tap.NONE).detach();
    for (int l = 0; l < before.size(); l++) {
      s.layers.get(l).assign(before.get(l));
    }
    return s.batch().logProbabilities(logits).toDoubles();
  }

  @ParameterizedTest
  @CsvSource({"gpt2", "llama", "gpt_neox"})
  void anInputTokenIsTheLargestSlopeOfTheInfluence(String family) {
    with(
        family,
        0,
        s -> {
          double[] actual = s.views().byInputToken();
          int width = width(s.model);
          for (int token : new int[] {0, 2, s.tokens.length - 2}) {
            double squares = 0;
            for (int i = 0; i < width; i++) {
              double[] unit = new double[width];
              unit[i] = STEP;
              double up = s.influence(token, Tensors.of(unit, width));
              unit[i] = -STEP;
              double down = s.influence(token, Tensors.of(unit, width));
              squares += Math.pow((up - down) / (2 * STEP), 2);
            }
            assertThat(actual[token])
                .as("token %d, seed %d", token, SEED)
                .isCloseTo(Math.sqrt(squares), within(1e-6 * largest(actual)));
          }
        });
  }

  private static int width(LanguageModel model) {
    List<Integer> widths = new java.util.ArrayList<>();
    try (Scope _ = Scope.open()) {
      model.logits(
          Tensors.of(new long[] {1}, 1, 1),
          new Tap() {
            @Override
            public Tensor observe(Linear layer, Tensor input, Tensor output) {
              return output;
            }

            @Override
            public Tensor embedded(Tensor embeddings) {
              widths.add((int) embeddings.size(2));
              return embeddings;
            }
          });
    }
    return widths.getFirst();
  }

  private static double largest(double[] values) {
    return Arrays.stream(values).map(Math::abs).max().orElseThrow();
  }

  @Test
  void aSequenceOfOneTokenHasNoInfluence() {
    with(
        "gpt2",
        0,
        s -> {
          SequenceViews views =
              SequenceViews.of(
                  s.model, s.layers, s.queries, 0, new int[] {new Random(SEED).nextInt(9)});
          assertThat(views.byOutputToken()).containsExactly(0);
          assertThat(views.byInputToken()).containsExactly(0);
          assertThat(views.byLayerAndToken()[0]).containsExactly(0);
        });
  }
}
