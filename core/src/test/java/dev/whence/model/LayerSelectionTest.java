package dev.whence.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.whence.InvalidInputException;
import dev.whence.tensor.DType;
import dev.whence.tensor.Device;
import dev.whence.testing.Oracle;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class LayerSelectionTest {
  @ParameterizedTest
  @CsvSource({
    "gpt2, 4, 4",
    "gpt_neox, 4, 4",
    "llama, 6, 8",
    "qwen2, 6, 8",
    "qwen3, 6, 8",
    "olmo2, 6, 8"
  })
  void rolesSplitAllLayersButTheHead(String family, int mlp, int attention) {
    try (LanguageModel model = load(family)) {
      assertThat(LayerSelection.MLP.of(model)).hasSize(mlp);
      assertThat(LayerSelection.ATTENTION.of(model))
          .hasSize(attention)
          .doesNotContainAnyElementsOf(LayerSelection.MLP.of(model));
      assertThat(LayerSelection.LINEAR.of(model))
          .containsExactlyElementsOf(model.linears().subList(0, mlp + attention));
      assertThat(model.linears()).hasSize(mlp + attention + 1);
    }
  }

  @Test
  void namesAreThoseOfTheCheckpointInForwardOrder() {
    try (LanguageModel model = load("llama")) {
      assertThat(names(model, "mlp").subList(0, 4))
          .containsExactly(
              "model.layers.0.mlp.gate_proj",
              "model.layers.0.mlp.up_proj",
              "model.layers.0.mlp.down_proj",
              "model.layers.1.mlp.gate_proj");
      assertThat(names(model, "attention").subList(0, 4))
          .containsExactly(
              "model.layers.0.self_attn.q_proj",
              "model.layers.0.self_attn.k_proj",
              "model.layers.0.self_attn.v_proj",
              "model.layers.0.self_attn.o_proj");
    }
    try (LanguageModel model = load("gpt_neox")) {
      assertThat(names(model, "linear").subList(0, 4))
          .containsExactly(
              "gpt_neox.layers.0.attention.query_key_value",
              "gpt_neox.layers.0.attention.dense",
              "gpt_neox.layers.0.mlp.dense_h_to_4h",
              "gpt_neox.layers.0.mlp.dense_4h_to_h");
    }
  }

  @Test
  void expressionMatchesWholeNamesAndReachesTheHead() {
    try (LanguageModel model = load("llama")) {
      assertThat(names(model, "model\\.layers\\.1\\..*_proj")).hasSize(7);
      assertThat(names(model, ".*\\.(up|gate)_proj")).hasSize(4);
      assertThat(names(model, "lm_head")).containsExactly("lm_head");
      assertThatThrownBy(() -> names(model, "up_proj")) // a part of names, no whole one
          .isInstanceOf(InvalidInputException.class);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"MLP", "nothing", "", "model.layers.7.*"})
  void selectionOfNothingIsRefusedWithAnExample(String expression) {
    try (LanguageModel model = load("llama")) {
      assertThatThrownBy(() -> names(model, expression))
          .isInstanceOf(InvalidInputException.class)
          .hasMessageContaining("'" + expression + "'")
          .hasMessageContaining("model.layers.0.self_attn.q_proj");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"(", "[a", "*", "a{2"})
  void expressionThatIsNoneIsRefused(String expression) {
    try (LanguageModel model = load("llama")) {
      assertThatThrownBy(() -> names(model, expression))
          .isInstanceOf(InvalidInputException.class)
          .hasMessageContaining("'" + expression + "'")
          .hasMessageContaining("nor a regular expression");
    }
  }

  private static List<String> names(LanguageModel model, String expression) {
    return new LayerSelection(expression).of(model).stream().map(Linear::name).toList();
  }

  private static LanguageModel load(String family) {
    return LanguageModel.load(Oracle.of(family).model(), DType.FLOAT32, Device.CPU);
  }
}
