package dev.whence.lab.solver;

import static org.assertj.core.api.Assertions.assertThat;

import dev.whence.Progress;
import dev.whence.budget.MemoryBudget;
import dev.whence.lab.data.TokenSequences;
import dev.whence.model.LanguageModel;
import dev.whence.model.LayerSelection;
import dev.whence.model.Linear;
import dev.whence.tensor.DType;
import dev.whence.tensor.Device;
import dev.whence.tensor.Scope;
import dev.whence.tensor.Tensor;
import dev.whence.tensor.Tensors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Compares solvers that work on the head's inputs with the plain operator, in float64 on a random
 * Llama.
 */
class LanguageSolversTest {
  private static final long SEED = 6;
  private static final double DAMPING = 0.02;
  private static final int VOCABULARY = 11;

  private static final double ROUNDING = 1e-10;

  private static final String CONFIG =
      """
      {"model_type": "llama", "vocab_size": %d, "hidden_size": 4, "intermediate_size": 6,
       "num_hidden_layers": 2, "num_attention_heads": 2, "num_key_value_heads": 1,
       "max_position_embeddings": 16, "rms_norm_eps": 1e-6, "rope_theta": 10000.0,
       "hidden_act": "silu", "tie_word_embeddings": true, "initializer_range": 0.5}
      """
          .formatted(VOCABULARY);

  @TempDir private Path folder;

  private LanguageModel model() throws IOException {
    Path config = Files.writeString(folder.resolve("config.json"), CONFIG);
    return LanguageModel.random(config, SEED, DType.FLOAT64, Device.CPU);
  }

  /**
   * Sequences of different lengths, so that batches are padded; the third is scored from its third
   * token on.
   */
  private static TokenSequences data(Random random) {
    List<int[]> tokens =
        List.of(5, 3, 7, 2).stream()
            .map(length -> random.ints(length, 0, VOCABULARY).toArray())
            .toList();
    return new TokenSequences(tokens, List.of(1, 1, 3, 1), Device.CPU);
  }

  private static Weights random(List<Linear> layers, Random random) {
    return new Weights(
        layers.stream()
            .map(l ->
                Tensors.of(
                    random.doubles((long) l.outputs() * l.inputs(), -1, 1).toArray(),
                    l.outputs(),
                    l.inputs()))
            .toList());
  }

  private static double distance(Weights actual, Weights expected) {
    Weights difference = actual.copy();
    difference.add(expected, -1);
    return difference.norm() / expected.norm();
  }

  @Test
  void recordedProductsAreThoseOfThePlainOperatorAlsoAfterTheWeightsHaveBeenAwayAndBack()
      throws IOException {
    Random random = new Random(SEED);
    try (Scope _ = Scope.open();
        LanguageModel model = model()) {
      List<Linear> layers = LayerSelection.MLP.of(model);
      TokenSequences data = data(random);
      GaussNewton plain = new GaussNewton(model, layers, data.pass(2), DAMPING);
      try (RecordedGaussNewton recorded =
          RecordedGaussNewton.of(model, layers, data.pass(2), DAMPING)) {
        for (int round = 0; round < 2; round++) {
          Weights v = random(layers, random);
          assertThat(distance(recorded.times(v), plain.times(v))).isLessThan(1e-12);
          for (Linear layer : layers) {
            Tensor before = layer.matrix();
            layer.swapWeights(before.times(2));
            layer.swapWeights(before);
          }
        }
      }
    }
  }

  @Test
  void exactInversesSolveWhatThePlainOperatorMultiplies() throws IOException {
    Random random = new Random(SEED);
    try (Scope _ = Scope.open();
        LanguageModel model = model()) {
      List<Linear> layers = LayerSelection.MLP.of(model);
      TokenSequences data = data(random);
      GaussNewton plain = new GaussNewton(model, layers, data.pass(3), DAMPING);
      Weights v = random(layers, random);
      try (DenseInverse dense = DenseInverse.of(plain, 2);
          KernelInverse kernel = KernelInverse.of(plain, 2);
          ExactInverse smaller =
              ExactInverse.of(plain, new MemoryBudget(1L << 30), Progress.NONE)) {
        assertThat(distance(kernel.solve(v), dense.solve(v))).isLessThan(1e-12);
        for (InverseSolver solver : List.of(dense, kernel, smaller)) {
          assertThat(distance(plain.times(solver.solve(v)), v))
              .as("%s", solver.getClass().getSimpleName())
              .isLessThan(ROUNDING);
        }
      }
    }
  }

  @Test
  void residualIsThatOfTheEquations() throws IOException {
    Random random = new Random(SEED);
    try (Scope _ = Scope.open();
        LanguageModel model = model()) {
      List<Linear> layers = LayerSelection.MLP.of(model);
      GaussNewton plain = new GaussNewton(model, layers, data(random).pass(4), DAMPING);
      Checked nothing = new Checked(Weights::zeros, plain);
      Weights v = random(layers, random);
      assertThat(nothing.solve(v).norm()).isZero();
      assertThat(nothing.residual()).isEqualTo(1);
      Checked good = new Checked(new ConjugateGradient(plain, 1e-9, 400), plain);
      Weights _ = good.solve(v);
      assertThat(good.residual()).isLessThan(10 * ROUNDING);
    }
  }
}
