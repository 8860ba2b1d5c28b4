package dev.whence.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.whence.model.Linear.Role;
import dev.whence.tensor.DType;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.node.ObjectNode;

class ArchitectureTest {
  private static final int[] TOKENS = ModelFolder.tokens(4, 10);

  @TempDir private Path temporary;

  @ParameterizedTest
  @ValueSource(strings = {"gpt2", "gpt_neox", "llama", "qwen2", "qwen3", "olmo2"})
  void noPositionSeesALaterToken(String family) {
    ModelFolder folder = ModelFolder.copyOf(family, temporary.resolve("m"));
    double[] before = folder.logits(TOKENS);
    int[] other = TOKENS.clone();
    other[6] = (other[6] + 1) % 128;
    double[] after = folder.logits(other);
    for (int t = 0; t < TOKENS.length; t++) {
      assertThat(slice(after, t).equals(slice(before, t))).as("position %d", t).isEqualTo(t < 6);
    }
  }

  @Test
  void serialResidualOfNeoXFeedsAttentionToTheMlp() {
    ModelFolder folder = ModelFolder.copyOf("gpt_neox", temporary.resolve("m"));
    double[] parallel = folder.logits(TOKENS);
    folder.configure(c -> c.put("use_parallel_residual", false));
    assertThat(folder.logits(TOKENS)).isNotEqualTo(parallel);
    // Without attention the MLP reads the same residual in both.
    folder.reweigh(tensors -> {
      tensors.replaceAll((name, t) -> name.contains(".attention.dense.") ? t.times(0) : t);
      return tensors;
    });
    double[] serial = folder.logits(TOKENS);
    folder.configure(c -> c.put("use_parallel_residual", true));
    assertThat(folder.logits(TOKENS)).isEqualTo(serial).isNotEqualTo(parallel);
  }

  /** Settings that change what a model computes. */
  static Stream<Arguments> settings() {
    return Stream.of(
        setting("gpt2", c -> c.put("scale_attn_weights", false)),
        setting("gpt2", c -> c.put("scale_attn_by_inverse_layer_idx", true)),
        setting("gpt2", c -> c.put("activation_function", "gelu")),
        setting("gpt2", c -> c.put("layer_norm_epsilon", 0.5)),
        setting("gpt_neox", c -> c.put("hidden_act", "gelu_new")),
        setting("gpt_neox", c -> c.put("layer_norm_eps", 0.5)),
        setting("llama", c -> c.put("hidden_act", "relu")),
        setting("llama", c -> c.put("rms_norm_eps", 0.5)),
        setting("olmo2", c -> c.put("rms_norm_eps", 0.5)));
  }

  @ParameterizedTest
  @MethodSource("settings")
  void settingIsNotIgnored(String family, Consumer<ObjectNode> change) {
    ModelFolder folder = ModelFolder.copyOf(family, temporary.resolve("m"));
    double[] before = folder.logits(TOKENS);
    folder.configure(change);
    assertThat(folder.logits(TOKENS)).isNotEqualTo(before);
  }

  @Test
  void inverseLayerScaleLeavesTheFirstLayerAlone() {
    ModelFolder folder = ModelFolder.copyOf("gpt2", temporary.resolve("m"));
    folder.configure(c -> c.put("n_layer", 1));
    double[] before = folder.logits(TOKENS);
    folder.configure(c -> c.put("scale_attn_by_inverse_layer_idx", true));
    assertThat(folder.logits(TOKENS)).isEqualTo(before);
  }

  @Test
  void biasesAreReadWhereTheConfigAsksForThem() {
    ModelFolder folder = ModelFolder.copyOf("llama", temporary.resolve("m"));
    double[] without = folder.logits(TOKENS);
    folder.configure(c -> c.put("attention_bias", true).put("mlp_bias", true));
    assertThatThrownBy(() -> folder.load(DType.FLOAT32).close())
        .hasMessageContaining("'model.layers.0.self_attn.q_proj.bias'");
    folder.reweigh(tensors -> {
      Map.copyOf(tensors)
          .forEach((name, weight) -> {
            if (name.contains("_proj.")) {
              tensors.put(name.replace(".weight", ".bias"), weight.sum(1).times(0));
            }
          });
      return tensors;
    });
    assertThat(folder.logits(TOKENS)).isEqualTo(without);
    folder.reweigh("model.layers.1.mlp.up_proj.bias", t -> t.plus(0.5));
    assertThat(folder.logits(TOKENS)).isNotEqualTo(without);
    try (LanguageModel model = folder.load(DType.FLOAT32)) {
      Linear up = model.linear("model.layers.1.mlp.up_proj").orElseThrow();
      assertThat(up.hasBias()).isTrue();
      assertThat(up).hasToString("model.layers.1.mlp.up_proj [80, 33]");
    }
  }

  @Test
  void tiedHeadReadsTheEmbedding() {
    ModelFolder folder = ModelFolder.copyOf("llama", temporary.resolve("m"));
    double[] untied = folder.logits(TOKENS);
    folder.reweigh(tensors -> {
      tensors.computeIfPresent(
          "lm_head.weight", (_, head) -> tensors.getOrDefault("model.embed_tokens.weight", head));
      return tensors;
    });
    double[] copied = folder.logits(TOKENS);
    folder.configure(c -> c.put("tie_word_embeddings", true));
    folder.reweigh(tensors -> {
      tensors.remove("lm_head.weight");
      return tensors;
    });
    assertThat(folder.logits(TOKENS)).isEqualTo(copied).isNotEqualTo(untied);
    try (LanguageModel model = folder.load(DType.FLOAT32)) {
      assertThat(model.parameters()).doesNotContainKey("lm_head.weight");
      assertThat(model.linear("lm_head").map(Linear::role)).contains(Role.HEAD);
    }
    folder.configure(c -> c.put("tie_word_embeddings", false));
    assertThatThrownBy(() -> folder.load(DType.FLOAT32).close())
        .hasMessageContaining("'lm_head.weight'");
  }

  @Test
  void modelKnowsItsSizes() {
    ModelFolder folder = ModelFolder.copyOf("gpt2", temporary.resolve("m"));
    try (LanguageModel model = folder.load(DType.BFLOAT16)) {
      assertThat(model.architecture()).isEqualTo("gpt2");
      assertThat(model.vocabularySize()).isEqualTo(128);
      assertThat(model.maximumPositions()).isEqualTo(64);
      assertThat(model.type()).isEqualTo(DType.BFLOAT16);
      long block = 4 * 32 + (32 + 1) * 96 + (32 + 1) * 32 + (32 + 1) * 128 + (128 + 1) * 32;
      assertThat(model.parameterCount()).isEqualTo(128 * 32 + 64 * 32 + 2 * block + 2 * 32);
      Linear up = model.linear("transformer.h.0.mlp.c_fc").orElseThrow();
      assertThat(up.outputs()).isEqualTo(128); // though stored transposed
      assertThat(up.inputs()).isEqualTo(33);
    }
  }

  private static List<Double> slice(double[] logits, int position) {
    return Arrays.stream(logits, position * 128, (position + 1) * 128).boxed().toList();
  }

  private static Arguments setting(String family, Consumer<ObjectNode> change) {
    return Arguments.of(family, change);
  }
}
