package dev.whence.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.whence.InvalidInputException;
import dev.whence.Json;
import dev.whence.tensor.DType;
import dev.whence.tensor.Device;
import dev.whence.tensor.SafetensorsFile;
import dev.whence.tensor.Scope;
import dev.whence.tensor.Tensor;
import dev.whence.tensor.Tensors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.node.ObjectNode;

class CheckpointTest {
  private static final int[] TOKENS = ModelFolder.tokens(1, 12);

  @TempDir private Path temporary;

  @Test
  void shardsAreTheSameModelAsOneFile() throws IOException {
    ModelFolder folder = ModelFolder.copyOf("llama", temporary.resolve("m"));
    double[] whole = folder.logits(TOKENS);
    shard(folder);
    assertThat(folder.weights()).doesNotExist();
    assertThat(folder.logits(TOKENS)).isEqualTo(whole);
  }

  @Test
  void theIndexSaysWhichShardHoldsATensorThatTwoHave() throws IOException {
    ModelFolder folder = ModelFolder.copyOf("llama", temporary.resolve("m"));
    double[] whole = folder.logits(TOKENS);
    shard(folder);
    // An older export left a copy of the second shard's in the first, which is opened first.
    Path first = folder.path().resolve("model-00001-of-00002.safetensors");
    Path second = folder.path().resolve("model-00002-of-00002.safetensors");
    Map<String, Tensor> tensors = new LinkedHashMap<>();
    try (Scope _ = Scope.open();
        SafetensorsFile stale = SafetensorsFile.open(second)) {
      try (SafetensorsFile file = SafetensorsFile.open(first)) {
        file.names().forEach(name -> tensors.put(name, file.tensor(name)));
      }
      stale.names().forEach(name -> tensors.put(name, stale.tensor(name).times(2)));
      SafetensorsFile.write(first, tensors, Map.of());
    }
    assertThat(folder.logits(TOKENS)).isEqualTo(whole);
    Files.delete(second);
    assertThatThrownBy(() -> folder.load(DType.FLOAT32).close())
        .as("a copy elsewhere is not taken instead")
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining(second + " does not exist");
  }

  @Test
  void gpt2NamesMayLackTheirPrefix() {
    ModelFolder folder = ModelFolder.copyOf("gpt2", temporary.resolve("m"));
    double[] whole = folder.logits(TOKENS);
    folder.reweigh(tensors -> {
      Map<String, Tensor> bare = new LinkedHashMap<>();
      tensors.forEach((name, t) -> bare.put(name.replaceFirst("^transformer\\.", ""), t));
      assertThat(bare).containsKey("h.0.mlp.c_fc.weight");
      return bare;
    });
    assertThat(folder.logits(TOKENS)).isEqualTo(whole);
  }

  @ParameterizedTest
  @EnumSource(
      value = DType.class,
      names = {"FLOAT16", "BFLOAT16", "FLOAT64"})
  void weightsOfAnyFloatingTypeKeepTheirValues(DType type) {
    ModelFolder folder = ModelFolder.copyOf("llama", temporary.resolve("m"));
    folder.reweigh(tensors -> {
      tensors.replaceAll((_, t) -> t.to(type));
      return tensors;
    });
    ModelFolder wide = ModelFolder.copyOf("llama", temporary.resolve("wide"));
    wide.reweigh(tensors -> {
      tensors.replaceAll((_, t) -> t.to(type).to(DType.FLOAT64));
      return tensors;
    });
    assertThat(folder.logits(TOKENS)).isEqualTo(wide.logits(TOKENS));
  }

  @ParameterizedTest
  @EnumSource(
      value = DType.class,
      names = {"FLOAT32", "FLOAT16", "BFLOAT16"})
  void modelComputesInTheTypeItWasLoadedIn(DType type) {
    ModelFolder folder = ModelFolder.copyOf("llama", temporary.resolve("m"));
    double[] exact = folder.logits(TOKENS);
    try (Scope _ = Scope.open();
        LanguageModel model = folder.load(type)) {
      assertThat(model.parameters().values()).allMatch(t -> t.type() == type);
      Tensor tokens = Tensors.of(new long[] {1, 2}, 1, 2);
      assertThat(model.logits(tokens, Tap.NONE).type()).isEqualTo(type);
      double tolerance = type == DType.FLOAT32 ? 1e-5 : type == DType.FLOAT16 ? 1e-2 : 0.1;
      assertThat(ModelFolder.logits(model, TOKENS)).containsExactly(exact, within(tolerance));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"gpt2", "gpt_neox", "llama", "qwen2", "qwen3", "olmo2"})
  void savedWeightsAreTheModel(String family) throws IOException {
    Path config = ModelFolder.copyOf(family, temporary.resolve("m")).config();
    Path saved = Files.createDirectories(temporary.resolve("saved"));
    try (Scope _ = Scope.open();
        LanguageModel model = LanguageModel.random(config, 3, DType.FLOAT64, Device.CPU)) {
      model.saveWeights(saved);
      Files.copy(config, saved.resolve("config.json"));
      assertThat(new ModelFolder(saved).logits(TOKENS))
          .isEqualTo(ModelFolder.logits(model, TOKENS));
    }
  }

  @Test
  void loadedModelNeedsItsFilesNoMore() throws IOException {
    ModelFolder folder = ModelFolder.copyOf("qwen3", temporary.resolve("m"));
    double[] before = folder.logits(TOKENS);
    try (Scope _ = Scope.open();
        LanguageModel model = folder.load(DType.FLOAT64)) {
      Files.write(folder.weights(), new byte[1]); // in place: a mapping would see it
      assertThat(ModelFolder.logits(model, TOKENS)).isEqualTo(before);
    }
  }

  @Test
  void filesOfAModelAreThoseThatDecideWhatItComputes() throws IOException {
    ModelFolder folder = ModelFolder.copyOf("llama", temporary.resolve("m"));
    folder.write(folder.path().resolve("tokenizer.json"), "{}");
    folder.write(folder.path().resolve("README.md"), "");
    assertThat(LanguageModel.files(folder.path()))
        .containsExactly(folder.config(), folder.weights());
    shard(folder);
    assertThat(LanguageModel.files(folder.path()))
        .contains(
            folder.config(),
            folder.path().resolve("model-00001-of-00002.safetensors"),
            folder.path().resolve("model-00002-of-00002.safetensors"));
  }

  /** Splits the weights into two shards with an index. */
  static void shard(ModelFolder folder) throws IOException {
    ObjectNode map = Json.MAPPER.createObjectNode();
    try (Scope _ = Scope.open()) {
      Map<String, Tensor> odd = new LinkedHashMap<>();
      Map<String, Tensor> even = new LinkedHashMap<>();
      try (SafetensorsFile file = SafetensorsFile.open(folder.weights())) {
        for (String name : file.names()) {
          boolean first = even.size() <= odd.size();
          (first ? even : odd).put(name, file.tensor(name));
          map.put(name, "model-0000%d-of-00002.safetensors".formatted(first ? 1 : 2));
        }
      }
      Path first = folder.path().resolve("model-00001-of-00002.safetensors");
      SafetensorsFile.write(first, even, Map.of());
      SafetensorsFile.write(
          folder.path().resolve("model-00002-of-00002.safetensors"), odd, Map.of());
    }
    Files.delete(folder.weights());
    ObjectNode index = Json.MAPPER.createObjectNode();
    index.set("weight_map", map);
    folder.write(folder.path().resolve("model.safetensors.index.json"), index.toString());
  }
}
