package dev.whence.model;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SlidingWindowTest {
  private static final int LENGTH = 14;
  private static final int LAYERS = 2;
  private static final int[] TOKENS = ModelFolder.tokens(3, LENGTH);

  @TempDir private Path temporary;

  @ParameterizedTest
  @ValueSource(ints = {LENGTH, LENGTH + 1, 4096})
  void windowThatCoversTheSequenceChangesNothing(int window) {
    double[] llama = ModelFolder.copyOf("llama", temporary.resolve("l")).logits(TOKENS);
    assertThat(mistral(window).logits(TOKENS)).isEqualTo(llama);
  }

  @Test
  void mistralWithoutAWindowIsLlama() {
    double[] llama = ModelFolder.copyOf("llama", temporary.resolve("l")).logits(TOKENS);
    ModelFolder mistral = mistral(4);
    mistral.configure(c -> c.putNull("sliding_window"));
    assertThat(mistral.logits(TOKENS)).isEqualTo(llama);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 5})
  void layersReachBackByOneLessThanTheirWindowEach(int window) {
    assertReach(mistral(window), 2, LAYERS * (window - 1));
  }

  @Test
  void windowOneShortOfTheSequenceHidesTheFirstTokenFromTheLast() {
    ModelFolder folder = mistral(LENGTH - 1).configure(c -> c.put("num_hidden_layers", 1));
    assertReach(folder, 0, LENGTH - 2);
  }

  @ParameterizedTest
  @ValueSource(strings = {"qwen2", "qwen3"})
  void listedLayerTypesDecideWhichLayersHaveAWindow(String family) {
    ModelFolder folder = ModelFolder.copyOf(family, temporary.resolve("m"));
    double[] full = folder.logits(TOKENS);
    folder.configure(c -> {
      c.put("sliding_window", 3).put("use_sliding_window", true).put("max_window_layers", 0);
      c.putArray("layer_types").add("sliding_attention").add("sliding_attention");
    });
    double[] both = folder.logits(TOKENS);
    assertReach(folder, 2, 4);
    folder.configure(c -> c.putArray("layer_types").add("full_attention").add("sliding_attention"));
    double[] second = folder.logits(TOKENS);
    folder.configure(c -> c.putArray("layer_types").add("sliding_attention").add("full_attention"));
    double[] first = folder.logits(TOKENS);
    assertThat(second).isNotEqualTo(full).isNotEqualTo(both).isNotEqualTo(first);
    // The older spelling names the first layer with a window.
    folder.configure(c -> {
      c.remove("layer_types");
      c.put("max_window_layers", 1);
    });
    assertThat(folder.logits(TOKENS)).isEqualTo(second);
    folder.configure(c -> c.put("max_window_layers", 0));
    assertThat(folder.logits(TOKENS)).isEqualTo(both);
    folder.configure(c -> c.put("max_window_layers", 2));
    assertThat(folder.logits(TOKENS)).isEqualTo(full);
  }

  @Test
  void windowThatIsSwitchedOffIsIgnored() {
    ModelFolder folder = ModelFolder.copyOf("qwen2", temporary.resolve("m"));
    double[] full = folder.logits(TOKENS);
    folder.configure(c -> {
      c.remove("layer_types");
      c.put("use_sliding_window", false).put("sliding_window", 3).put("max_window_layers", 0);
    });
    assertThat(folder.logits(TOKENS)).isEqualTo(full);
  }

  /** Changes one token, and asserts that the logits change from there to the end of its reach. */
  private static void assertReach(ModelFolder folder, int changed, int reach) {
    int[] other = TOKENS.clone();
    other[changed] = (other[changed] + 1) % 128;
    double[] before = folder.logits(TOKENS);
    double[] after = folder.logits(other);
    for (int t = 0; t < LENGTH; t++) {
      boolean same =
          Arrays.equals(
              Arrays.copyOfRange(before, t * 128, (t + 1) * 128),
              Arrays.copyOfRange(after, t * 128, (t + 1) * 128));
      assertThat(same)
          .as("position %d is untouched by a change at %d", t, changed)
          .isEqualTo(t < changed || t > changed + reach);
    }
  }

  /** The Llama oracle's weights as Mistral, which has the same names. */
  private ModelFolder mistral(int window) {
    return ModelFolder.copyOf("llama", temporary.resolve("mistral"))
        .configure(c -> c.put("model_type", "mistral").put("sliding_window", window));
  }
}
