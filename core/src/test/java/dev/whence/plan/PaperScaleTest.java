package dev.whence.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.withinPercentage;

import dev.whence.attribution.AttributionSettings;
import dev.whence.budget.LayerShape;
import dev.whence.budget.MemoryBudget;
import dev.whence.fit.FitSettings;
import dev.whence.model.LanguageModel;
import dev.whence.model.LayerSelection;
import dev.whence.model.Linear;
import dev.whence.tensor.DType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The plan holds at the sizes of the paper (its section 4): nothing overflows, and sums agree. */
class PaperScaleTest {
  private static final int LENGTH = 512;
  private static final long SEQUENCES = 10_000_000;
  private static final int FITTED = 100_000;
  private static final int QUERIES = 100;
  private static final int RANK = 32;

  @TempDir private Path folder;

  @ParameterizedTest
  @CsvSource({"0.8, 16, 2048, 1", "6.4, 32, 4096, 1", "22, 48, 6144, 1", "52, 64, 8192, 2"})
  void billionsOfParameters(double billions, int depth, int width, int blocks) throws IOException {
    Path config = folder.resolve("config.json");
    Files.writeString(
        config,
        """
        {"model_type": "gpt2", "n_embd": %d, "n_layer": %d, "n_head": %d, "vocab_size": 65536,
         "n_positions": 8192}
        """
            .formatted(width, depth, width / 128));
    try (LanguageModel model = LanguageModel.outline(config)) {
      List<LayerShape> tracked = LayerSelection.MLP.of(model).stream().map(Linear::shape).toList();
      double matrices = 12.0 * depth * width * width; // beside the embeddings
      assertThat(matrices).isCloseTo(billions * 1e9, withinPercentage(2));
      assertThat((double) model.parameterCount()).isGreaterThan(matrices);

      // A machine that holds the model and some layers' factors.
      MemoryBudget memory = new MemoryBudget((long) (8 * matrices) + (200L << 30));
      FitSettings fitting =
          FitSettings.DEFAULT
              .computing(c -> c.withType(DType.BFLOAT16))
              .withBlocks(blocks)
              .withCovarianceSequences(FITTED)
              .withLambdaSequences(FITTED)
              .computing(c -> c.withMemory(memory));
      CorpusShape corpus = new CorpusShape.Uniform(SEQUENCES, LENGTH);
      FitPlan fit = FitPlan.of(model.shape(), tracked, fitting, corpus);
      AttributionPlan attribution =
          AttributionPlan.of(
              new AttributionPlan.Job(
                  model.shape(),
                  tracked,
                  blocks,
                  DType.BFLOAT16,
                  corpus,
                  QueryShape.uniform(QUERIES, LENGTH),
                  0),
              AttributionSettings.DEFAULT.withRank(RANK).computing(c -> c.withMemory(memory)));

      assertThat(fit.layers()).hasSize(2 * depth);
      assertThat(fit.memoryBytes()).isPositive().isLessThanOrEqualTo((double) memory.bytes());
      assertThat(attribution.memoryBytes())
          .isPositive()
          .isLessThanOrEqualTo((double) memory.bytes());

      // By hand, in the paper's terms: forward and backward of a token take three times two
      // operations a parameter at most, two thirds of it at least where backward stops early.
      double tokens = (double) SEQUENCES * (LENGTH - 1);
      Phase scan =
          attribution.phases().stream()
              .filter(phase -> phase.name().startsWith("scanning"))
              .findFirst()
              .orElseThrow();
      double traced = scan.cost().forward() + scan.cost().backward();
      assertThat(traced / scan.passes() / tokens)
          .isBetween(1.9 * matrices, 2.4 * model.parameterCount());

      // Section 3.2.2: what is kept of a query is r (out + in) numbers a layer.
      double kept = attribution.layers().stream().mapToDouble(l -> l.queryBytes()).sum();
      // A bias is one more column of both layers of a block.
      assertThat(kept).isEqualTo(4.0 * RANK * depth * (2.0 * (width + 4.0 * width) + 2));

      // Appendix A: two blocks halve the factors.
      double covariances = 2.0 * depth * 17.0 * width * width / blocks; // 1 + 16, for A and S
      double lambda = 8.0 * depth * width * width;
      assertThat(fit.runBytes() / 4).isCloseTo(covariances + lambda, withinPercentage(1));

      Machine machine = new Machine(1e11, 8e10, 2e10, 1e-10, 1e-6);
      double seconds =
          new Plan(Optional.of(machine), fit, Optional.of(attribution), new IndexPlan(Cost.NONE, 0))
              .seconds()
              .orElseThrow();
      assertThat(seconds).isFinite().isGreaterThan(tokens * matrices / machine.products());
    }
  }
}
