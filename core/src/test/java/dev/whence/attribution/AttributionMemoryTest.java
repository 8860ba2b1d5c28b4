package dev.whence.attribution;

import static org.assertj.core.api.Assertions.assertThat;

import dev.whence.budget.LayerShape;
import dev.whence.budget.MemoryBudget;
import dev.whence.budget.ModelShape;
import dev.whence.tensor.DType;
import java.util.List;
import org.junit.jupiter.api.Test;

class AttributionMemoryTest {
  private static final LayerShape LAYER = new LayerShape("layer", 32, 32);

  @Test
  void scoresByTokenAreCounted() {
    assertThat(memory(4096, 100, false).scanning().beside()).isZero();
    // The sum, a layer's part and a copy of a batch; 16 batches and the sequence that overruns.
    assertThat(memory(4096, 100, true).scanning().beside())
        .isEqualTo((3L * 4096 + 16 * 4096 + 100) * 4);
    assertThat(memory(512, 2048, true).scanning().beside())
        .as("a batch has one sequence at least")
        .isEqualTo((3L * 2048 + 16 * 512 + 2048) * 4);
  }

  /** Blocks that are too wide to decompose do not matter where nothing is decomposed. */
  @Test
  void aWideHeadIsCountedThoughItCannotBeDecomposed() {
    LayerShape head = new LayerShape("lm_head", 50_257, 64);
    AttributionMemory memory =
        AttributionMemory.of(
            model(head), List.of(head), 1, settings(4096, false), DType.FLOAT32, 8);
    assertThat(memory.whole().layers()).hasSize(1);
  }

  private static AttributionMemory memory(int batchTokens, int longest, boolean tokenwise) {
    return AttributionMemory.of(
        model(LAYER), List.of(LAYER), 1, settings(batchTokens, tokenwise), DType.FLOAT32, longest);
  }

  private static AttributionSettings settings(int batchTokens, boolean tokenwise) {
    return AttributionSettings.DEFAULT
        .withAllScores(true)
        .withTokenwise(tokenwise)
        .computing(c -> c.withBatchTokens(batchTokens).withMemory(new MemoryBudget(1L << 40)));
  }

  private static ModelShape model(LayerShape layer) {
    return new ModelShape(List.of(layer), 64, 1, 1, 64, 1, 1);
  }
}
