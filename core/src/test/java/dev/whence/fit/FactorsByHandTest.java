package dev.whence.fit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.whence.Progress;
import dev.whence.corpus.Corpus;
import dev.whence.corpus.Sequence;
import dev.whence.curvature.Covariance;
import dev.whence.curvature.CurvatureKind;
import dev.whence.curvature.Dense;
import dev.whence.curvature.Eigenbasis;
import dev.whence.curvature.Fisher;
import dev.whence.curvature.LayerFactors.Kronecker;
import dev.whence.curvature.RotationRoute;
import dev.whence.model.LanguageModel;
import dev.whence.model.LayerSelection;
import dev.whence.model.Linear;
import dev.whence.run.RunFolder;
import dev.whence.run.Workbench;
import dev.whence.tensor.DType;
import dev.whence.tensor.Device;
import dev.whence.tensor.Scope;
import dev.whence.tensor.Tensors;
import dev.whence.testing.Oracle;
import dev.whence.trace.Targets;
import dev.whence.trace.TokenBatch;
import dev.whence.trace.Trace;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.function.Supplier;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The factors of one layer, against loops over the traces of single sequences. */
class FactorsByHandTest {
  private static final String LAYER = "transformer.h.1.attn.c_proj"; // [32, 33]
  private static final long SEED = 7;

  @TempDir private Path folder;

  @ParameterizedTest
  @EnumSource(Fisher.class)
  void factorsAreTheMeansThatTheMethodSays(Fisher fisher) {
    try (LanguageModel model = Workbench.model("gpt2");
        Corpus corpus =
            Workbench.corpus(folder, Workbench.documents(SEED, 2, 9, 5, 1, 24, 7, 3, 10, 20, 8))) {
      Linear layer = model.linear(LAYER).orElseThrow();
      RunFolder run = fit(model, corpus, fisher);
      List<double[]> inputs = new ArrayList<>();
      List<double[]> outputs = new ArrayList<>();
      List<double[]> gradients = new ArrayList<>(); // each vec(D), row after row
      for (int n = 0; n < corpus.size(); n++) {
        Sequence sequence = corpus.sequence(n);
        double[][][] first = trace(model, layer, sequence, targets(fisher, 0));
        inputs.addAll(List.of(first[0]));
        outputs.addAll(List.of(first[1]));
        double[][][] second = trace(model, layer, sequence, targets(fisher, 1));
        gradients.add(Dense.flat(Dense.times(Dense.transpose(second[1]), second[0])));
      }
      assertThat(inputs).hasSize(79); // 88 tokens in 9 sequences; the document of one token is none
      near(run, "activation_covariance", Dense.flat(Dense.meanOuterProduct(inputs)));
      near(run, "gradient_covariance", Dense.flat(Dense.meanOuterProduct(outputs)));
      nearSum(run, "activation_eigenvalues", Dense.trace(Dense.meanOuterProduct(inputs)));
      nearSum(run, "gradient_eigenvalues", Dense.trace(Dense.meanOuterProduct(outputs)));
      near(run, "covariance_positions", 79);
      near(run, "covariance_sequences", 9);
      near(run, "lambda_sequences", 9);
      assertThat(run.manifest().positionsPerSequence()).isEqualTo(79 / 9.0);
      double[][] exact = Dense.meanOuterProduct(gradients);
      double[] diagonal = new double[exact.length];
      for (int i = 0; i < diagonal.length; i++) {
        diagonal[i] = exact[i][i];
      }
      near(run, "diagonal", diagonal);
      checkLambda(run, exact);
    }
  }

  /** Lambda is the exact Fisher's diagonal in the Kronecker basis, {@code u^T F u}. */
  private static void checkLambda(RunFolder run, double[][] fisher) {
    double[][] s = matrix(run, "gradient_eigenvectors");
    double[][] a = matrix(run, "activation_eigenvectors");
    double[] lambda = Workbench.factor(run, LAYER, "lambda");
    double largest = Arrays.stream(lambda).max().orElseThrow();
    Random random = new Random(SEED);
    for (int n = 0; n < 40; n++) {
      // The last eigenvectors are the largest, and the most telling.
      int i = n < 20 ? s.length - 1 - n / 4 : random.nextInt(s.length);
      int j = n < 20 ? a.length - 1 - n % 4 : random.nextInt(a.length);
      double[] u = new double[s.length * a.length];
      for (int o = 0; o < s.length; o++) {
        for (int k = 0; k < a.length; k++) {
          u[o * a.length + k] = s[o][i] * a[k][j];
        }
      }
      double expected = Dense.dot(u, Dense.apply(fisher, u));
      assertThat(Math.abs(lambda[i * a.length + j] - expected) / largest)
          .as("Lambda [%d, %d], seed %d", i, j, SEED)
          .isLessThan(1e-11);
    }
  }

  private static double[][] matrix(RunFolder run, String name) {
    double[] values = Workbench.factor(run, LAYER, name);
    int n = (int) Math.sqrt(values.length);
    try (Scope _ = Scope.open()) {
      return Dense.of(Tensors.of(values, n, n));
    }
  }

  private static void nearSum(RunFolder run, String name, double expected) {
    double sum = Arrays.stream(Workbench.factor(run, LAYER, name)).sum();
    assertThat(sum / expected).as("sum of %s", name).isBetween(1 - 1e-11, 1 + 1e-11);
  }

  private static void near(RunFolder run, String name, double... expected) {
    assertThat(Dense.error(Workbench.factor(run, LAYER, name), expected))
        .as("%s, seed %d", name, SEED)
        .isLessThan(1e-11);
  }

  /** The layer's inputs and output gradients at one sequence's positions: a row each. */
  private static double[][][] trace(
      LanguageModel model, Linear layer, Sequence sequence, Targets targets) {
    if (sequence.positions() == 0) {
      return new double[2][0][];
    }
    try (Scope _ = Scope.open()) {
      TokenBatch batch =
          TokenBatch.of(
              List.of(TokenBatch.Row.whole(sequence.tokens(), key(sequence))), Device.CPU);
      Trace.Use use = Trace.of(model, List.of(layer), batch, targets).uses(0).getFirst();
      return new double[][][] {
        Dense.of(use.input().select(0, 0)), Dense.of(use.gradient().select(0, 0))
      };
    }
  }

  private static Targets targets(Fisher fisher, int stream) {
    return fisher == Fisher.SAMPLED ? new Targets.Sampled(SEED, stream) : new Targets.Given();
  }

  /** FNV-1a over the document's id and the sequence's place in it. */
  private static long key(Sequence sequence) {
    long hash = 0xcbf29ce484222325L;
    for (byte b : sequence.documentId().getBytes(StandardCharsets.UTF_8)) {
      hash = (hash ^ (b & 0xff)) * 0x100000001b3L;
    }
    return (hash ^ sequence.sequenceIndex()) * 0x100000001b3L;
  }

  private RunFolder fit(LanguageModel model, Corpus corpus, Fisher fisher) {
    FitSettings settings =
        FitSettings.DEFAULT
            .withKeepCovariances(true)
            .withLayers(new LayerSelection(LAYER))
            .withCurvatures(EnumSet.allOf(CurvatureKind.class))
            .withFisher(fisher)
            .withSeed(SEED)
            // Several batches, with padding.
            .computing(c -> c.withBatchTokens(40).withType(DType.FLOAT64));
    Path source = Oracle.of("gpt2").model();
    return Fit.run(model, source, corpus, settings, folder.resolve("run"), false, Progress.NONE);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 3})
  void bothRoutesGiveTheSameLambda(int blocks) {
    try (Scope _ = Scope.open();
        LanguageModel model = Workbench.model("gpt2");
        Corpus corpus = Workbench.corpus(folder, Workbench.documents(SEED, 9, 24, 5, 12))) {
      List<Linear> layers = List.of(model.linear(LAYER).orElseThrow());
      assertThat(RotationRoute.cheapest(23, 32, 33))
          .as("the route without the diagonal")
          .isEqualTo(RotationRoute.POSITIONS);
      List<TokenBatch.Row> rows = new ArrayList<>();
      for (int n = 0; n < corpus.size(); n++) {
        rows.add(TokenBatch.Row.whole(corpus.sequence(n).tokens(), n));
      }
      TokenBatch batch = TokenBatch.of(rows, Device.CPU);
      Supplier<Trace> trace = () -> Trace.of(model, layers, batch, new Targets.Given());
      try (Covariances sums =
          new Covariances(
              layers, InputGroups.of(model, layers), blocks, DType.FLOAT64, Device.CPU, false)) {
        sums.add(trace.get(), batch);
        try (Eigenbasis a = basis(sums.activation(0), sums.positions(0));
            Eigenbasis s = basis(sums.gradient(0), sums.positions(0))) {
          double[] byPositions = lambda(layers, new Kronecker(a, s, 1), false, trace.get(), batch);
          double[] byGradients = lambda(layers, new Kronecker(a, s, 1), true, trace.get(), batch);
          assertThat(Dense.error(byPositions, byGradients)).isLessThan(1e-12);
        }
      }
    }
  }

  private static Eigenbasis basis(Covariance sum, long positions) {
    return sum.eigenbasis(positions, DType.FLOAT64);
  }

  /** The gradients are formed at once when the diagonal is wanted too. */
  private static double[] lambda(
      List<Linear> layers, Kronecker basis, boolean diagonal, Trace trace, TokenBatch batch) {
    try (SequenceSquares squares =
        new SequenceSquares(
            layers, List.of(Optional.of(basis)), diagonal, DType.FLOAT64, Device.CPU, false)) {
      squares.add(trace, batch);
      return squares.lambda(0).orElseThrow().toDoubles();
    }
  }
}
