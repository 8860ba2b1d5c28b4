package dev.whence.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.whence.InvalidInputException;
import dev.whence.tensor.DType;
import dev.whence.tensor.Tensor;
import dev.whence.tensor.Tensors;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** Every setting is read, known to be harmless, or refused by name. */
class ConfigSettingsTest {
  private static final int[] TOKENS = ModelFolder.tokens(4, 10);

  @TempDir private Path temporary;

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"final_logit_softcapping\": 30.0}",
        "{\"qk_layernorm\": true}",
        "{\"rope_interleaved\": true}",
        "{\"residual_multiplier\": 0.22}",
        "{\"no_rope_layers\": [1, 0]}",
        "{\"some_new_setting\": \"on\"}",
        "{\"num_local_experts\": 8}"
      })
  void aSettingThatNothingReadsIsRefusedByName(String setting) {
    ModelFolder folder = ModelFolder.copyOf("llama", temporary.resolve("m"));
    ObjectNode added = (ObjectNode) new JsonMapper().readTree(setting);
    folder.configure(c -> c.setAll(added));
    assertThatThrownBy(() -> folder.load(DType.FLOAT32).close())
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining(folder.config().toString())
        .hasMessageContaining("'" + added.propertyNames().iterator().next() + "'")
        .hasMessageContaining("which Whence does not know");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"final_logit_softcapping\": null}",
        "{\"qk_layernorm\": false}",
        "{\"rope_interleaved\": false}",
        "{\"residual_multiplier\": 1.0}",
        "{\"torch_dtype\": \"bfloat16\", \"_name_or_path\": \"x\", \"use_cache\": false}",
        "{\"_num_labels\": 1, \"_model_name_or_path\": \"x\", \"max_sequence_length\": 2048, \"output_past\": true}",
        "{\"id2label\": {\"0\": \"A\"}, \"task_specific_params\": {\"x\": {\"y\": 1}}}"
      })
  void aSettingThatChangesNothingIsLetThrough(String settings) {
    ModelFolder folder = ModelFolder.copyOf("llama", temporary.resolve("m"));
    double[] expected = folder.logits(TOKENS);
    folder.configure(c -> c.setAll((ObjectNode) new JsonMapper().readTree(settings)));
    assertThat(folder.logits(TOKENS)).isEqualTo(expected);
  }

  @Test
  void aSettingOfTheRotaryPositionsThatNothingReadsIsRefusedByName() {
    ModelFolder folder = ModelFolder.copyOf("llama", temporary.resolve("m"));
    folder.configure(c -> c.withObject("rope_parameters").put("attention_factor", 2.0));
    assertThatThrownBy(() -> folder.load(DType.FLOAT32).close())
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("'rope_parameters.attention_factor'");
  }

  @Test
  void aScalingInTheOldSpellingBesideTheNewOneHolds() {
    ModelFolder folder = ModelFolder.copyOf("llama", temporary.resolve("m"));
    folder.configure(c ->
        c.putObject("rope_parameters")
            .put("rope_theta", 500.0)
            .put("rope_type", "linear")
            .put("factor", 4.0));
    double[] expected = folder.logits(TOKENS);
    folder.configure(c -> {
      c.putObject("rope_parameters").put("rope_theta", 500.0).put("rope_type", "default");
      c.put("rope_theta", 500.0);
      c.putObject("rope_scaling").put("type", "linear").put("factor", 4.0);
    });
    assertThat(folder.logits(TOKENS)).isEqualTo(expected);
    folder.configure(
        c -> c.withObject("rope_scaling").put("rope_type", "linear").put("type", "yarn"));
    assertThat(folder.logits(TOKENS)).as("rope_type is the newer name").isEqualTo(expected);
    folder.configure(c -> c.remove("rope_theta"));
    assertThatThrownBy(() -> folder.load(DType.FLOAT32).close())
        .as("in transformers the base would be 10,000")
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("'rope_theta' would be 10000.0 by the one and 500.0 by the other");
    folder.configure(c -> {
      c.put("rope_theta", 500.0);
      c.putObject("rope_scaling").put("type", "yarn").put("factor", 4.0);
    });
    assertThatThrownBy(() -> folder.load(DType.FLOAT32).close())
        .hasMessageContaining("the RoPE scaling 'yarn'");
    folder.configure(
        c -> c.putObject("rope_parameters").put("rope_type", "llama3").put("factor", 8.0));
    assertThatThrownBy(() -> folder.load(DType.FLOAT32).close())
        .hasMessageContaining(
            "'rope_parameters' of type 'llama3' and 'rope_scaling' of type 'yarn'");
  }

  @Test
  void anEmptyScalingBesideTheParametersIsNone() {
    ModelFolder folder = ModelFolder.copyOf("llama", temporary.resolve("m"));
    folder.configure(c -> {
      c.remove("rope_theta");
      c.putObject("rope_parameters").put("rope_theta", 500.0).put("rope_type", "default");
    });
    double[] expected = folder.logits(TOKENS);
    folder.configure(c -> c.putObject("rope_scaling"));
    assertThat(folder.logits(TOKENS)).isEqualTo(expected);
  }

  @ParameterizedTest
  @CsvSource({"qwen2, linear_attention", "llama, chunked_attention", "qwen3, Full_attention"})
  void anUnknownKindOfLayerIsRefusedByName(String family, String type) {
    ModelFolder folder = ModelFolder.copyOf(family, temporary.resolve("m"));
    folder.configure(c -> c.putArray("layer_types").add("full_attention").add(type));
    assertThatThrownBy(() -> folder.load(DType.FLOAT32).close())
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("the layer type '" + type + "'");
    folder.configure(c -> c.putArray("layer_types").add("full_attention"));
    assertThatThrownBy(() -> folder.load(DType.FLOAT32).close())
        .hasMessageContaining("'layer_types' without a kind for layer 1");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"quantization_config\": {\"quant_method\": \"gptq\"}}",
        "{\"quantization\": {\"bits\": 4, \"group_size\": 64}}"
      })
  void quantisedWeightsAreRefusedByTheNameOfTheSetting(String setting) {
    ModelFolder folder = ModelFolder.copyOf("llama", temporary.resolve("m"));
    folder.configure(c -> c.setAll((ObjectNode) new JsonMapper().readTree(setting)));
    assertThatThrownBy(() -> folder.load(DType.FLOAT32).close())
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("quantiz")
        .hasMessageContaining("its weights are quantised");
  }

  @Test
  void floatWeightsBesideScalesAreNotTakenAsPlain() {
    ModelFolder folder = ModelFolder.copyOf("llama", temporary.resolve("m"));
    folder.reweigh(tensors -> {
      tensors.put("model.layers.0.mlp.up_proj.weight_scale_inv", Tensors.of(new float[] {1}, 1));
      return tensors;
    });
    assertThatThrownBy(() -> folder.load(DType.FLOAT32).close())
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("up_proj.weight_scale_inv': its weights are quantised");
  }

  @ParameterizedTest
  @CsvSource({"llama, model.", "gpt2, transformer.", "gpt_neox, gpt_neox.", "qwen3, model."})
  void namesWithoutTheBasesPrefixAreReadAndAForeignOneIsShown(String family, String prefix) {
    ModelFolder folder = ModelFolder.copyOf(family, temporary.resolve("m"));
    double[] expected = folder.logits(TOKENS);
    folder.reweigh(tensors -> {
      Map<String, Tensor> bare = new LinkedHashMap<>();
      tensors.forEach((name, t) ->
          bare.put(name.startsWith(prefix) ? name.substring(prefix.length()) : name, t));
      return bare;
    });
    assertThat(folder.logits(TOKENS)).isEqualTo(expected);
    folder.reweigh(tensors -> {
      Map<String, Tensor> foreign = new LinkedHashMap<>();
      tensors.forEach((name, t) -> foreign.put("_orig_mod." + prefix + name, t));
      return foreign;
    });
    assertThatThrownBy(() -> folder.load(DType.FLOAT32).close())
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("; it has '_orig_mod." + prefix)
        .hasMessageContaining("save it again without '_orig_mod.'");
  }
}
