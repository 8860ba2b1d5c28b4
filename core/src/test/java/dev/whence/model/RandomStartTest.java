package dev.whence.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.whence.tensor.DType;
import dev.whence.tensor.Device;
import dev.whence.tensor.Scope;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RandomStartTest {
  private static final String EMBEDDING = "model.embed_tokens.weight";

  @TempDir private Path temporary;

  @ParameterizedTest
  @ValueSource(strings = {"gpt2", "gpt_neox", "llama", "qwen2", "qwen3", "olmo2"})
  void sameSeedIsTheSameStartAndAnotherIsNot(String family) {
    Path config = ModelFolder.copyOf(family, temporary.resolve("m")).config();
    Map<String, double[]> once = parameters(config, 1);
    Map<String, double[]> again = parameters(config, 1);
    Map<String, double[]> other = parameters(config, 2);
    assertThat(again.keySet()).isEqualTo(once.keySet()).isEqualTo(other.keySet());
    once.forEach((name, values) -> {
      assertThat(again.get(name)).as(name).isEqualTo(values);
      boolean constant = name.contains("norm") || name.contains("ln_") || name.endsWith("bias");
      if (constant) {
        assertThat(values).as(name).containsOnly(name.endsWith("bias") ? 0 : 1);
      } else {
        assertThat(other.get(name)).as(name).isNotEqualTo(values);
      }
    });
  }

  @Test
  void parameterDoesNotDependOnTheOthers() {
    ModelFolder folder = ModelFolder.copyOf("llama", temporary.resolve("m"));
    double[] before = value(parameters(folder.config(), 1), EMBEDDING);
    folder.configure(c -> c.put("num_hidden_layers", 1).put("intermediate_size", 8));
    assertThat(value(parameters(folder.config(), 1), EMBEDDING)).isEqualTo(before);
  }

  @Test
  void matricesDifferFromEachOther() {
    Path config = ModelFolder.copyOf("llama", temporary.resolve("m")).config();
    Map<String, double[]> start = parameters(config, 1);
    assertThat(value(start, "model.layers.0.mlp.gate_proj.weight"))
        .isNotEqualTo(value(start, "model.layers.1.mlp.gate_proj.weight"))
        .isNotEqualTo(value(start, "model.layers.0.mlp.up_proj.weight"));
  }

  @Test
  void matricesThatWriteToTheResidualAreSmaller() {
    ModelFolder folder = ModelFolder.copyOf("llama", temporary.resolve("m"));
    folder.configure(c -> c.put("initializer_range", 0.1));
    Map<String, double[]> start = parameters(folder.config(), 1); // seed 1; two layers
    assertThat(deviation(value(start, EMBEDDING))).isCloseTo(0.1, within(0.005));
    assertThat(deviation(value(start, "model.layers.0.mlp.up_proj.weight")))
        .isCloseTo(0.1, within(0.005));
    assertThat(deviation(value(start, "model.layers.0.mlp.down_proj.weight")))
        .isCloseTo(0.05, within(0.003));
    assertThat(deviation(value(start, "model.layers.1.self_attn.o_proj.weight")))
        .isCloseTo(0.05, within(0.004));
  }

  private static double deviation(double... values) {
    double squares = 0;
    for (double value : values) {
      squares += value * value;
    }
    return Math.sqrt(squares / values.length);
  }

  private static double[] value(Map<String, double[]> parameters, String name) {
    double[] value = parameters.get(name);
    assertThat(value).as(name).isNotNull();
    return value == null ? new double[0] : value;
  }

  private static Map<String, double[]> parameters(Path config, long seed) {
    try (Scope _ = Scope.open();
        LanguageModel model = LanguageModel.random(config, seed, DType.FLOAT32, Device.CPU)) {
      Map<String, double[]> values = new TreeMap<>();
      model.parameters().forEach((name, t) -> values.put(name, t.toDoubles()));
      return values;
    }
  }
}
