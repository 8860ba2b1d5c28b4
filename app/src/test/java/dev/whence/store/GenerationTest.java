package dev.whence.store;

import static org.assertj.core.api.Assertions.assertThat;

import dev.whence.model.Generation;
import dev.whence.tensor.DType;
import dev.whence.tensor.Device;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** On the dictionary's model, which ends its definitions by itself. */
class GenerationTest {
  private static final Path MODEL = Path.of("..", "models", "dictionary");
  private static final Duration LONG = Duration.ofMinutes(5);

  @Test
  void goesOnUntilTheDocumentEnds() {
    try (ModelFolder folder = ModelFolder.open(MODEL, DType.FLOAT32, Device.CPU)) {
      var tokenizer = folder.tokenizer().orElseThrow();
      String whole = Generation.greedy(folder.model(), tokenizer, "cat, domestic cat:", 100, LONG);
      assertThat(whole).startsWith(" ").doesNotContain("<|", "cat, domestic cat:");
      String some = Generation.greedy(folder.model(), tokenizer, "cat, domestic cat:", 3, LONG);
      assertThat(whole).startsWith(some);
      assertThat(tokenizer.encode("cat, domestic cat:", some).completion()).hasSize(3);
    }
  }

  @Test
  void endsWithItsTime() {
    try (ModelFolder folder = ModelFolder.open(MODEL, DType.FLOAT32, Device.CPU)) {
      var tokenizer = folder.tokenizer().orElseThrow();
      assertThat(Generation.greedy(folder.model(), tokenizer, "cat:", 100, Duration.ZERO))
          .isEmpty();
    }
  }
}
