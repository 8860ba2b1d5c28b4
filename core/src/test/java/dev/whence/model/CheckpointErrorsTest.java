package dev.whence.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.whence.InvalidInputException;
import dev.whence.Json;
import dev.whence.tensor.DType;
import dev.whence.tensor.Device;
import dev.whence.tensor.Tensor;
import dev.whence.tensor.Tensors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.node.ObjectNode;

/**
 * Damaged checkpoints. The leak detector checks with each that a load which fails frees what it had
 * read.
 */
class CheckpointErrorsTest {
  private static final int[] TOKENS = ModelFolder.tokens(2, 8);
  private static final String LAST = "model.layers.1.mlp.down_proj.weight";

  @TempDir private Path temporary;
  private ModelFolder folder = new ModelFolder(Path.of(""));

  @BeforeEach
  void copyModel() {
    folder = ModelFolder.copyOf("llama", temporary.resolve("m"));
  }

  @Test
  void folderWithoutAConfigIsNamed() throws IOException {
    Files.delete(folder.config());
    refused(folder.config() + " does not exist");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "{\"model_type\": \"llama\"", "{} {}", "{\"a\": 1, \"a\": 2}", "\0"})
  void configThatIsNotJsonIsNamed(String text) {
    folder.write(folder.config(), text);
    refused(folder.config() + " is not ");
  }

  @Test
  void configThatIsNoObjectIsNamed() {
    folder.write(folder.config(), "[]");
    refused(folder.config() + " is not a JSON object");
  }

  static Stream<Arguments> settings() {
    return Stream.of(
        setting("unknown model_type", c -> c.put("model_type", "bert"), "model_type 'bert'"),
        setting("no model_type", c -> c.remove("model_type"), "model_type ''"),
        setting("no hidden_size", c -> c.remove("hidden_size"), "has no 'hidden_size'"),
        setting("null vocab_size", c -> c.putNull("vocab_size"), "has no 'vocab_size'"),
        setting("no layers", c -> c.remove("num_hidden_layers"), "has no 'num_hidden_layers'"),
        setting("zero layers", c -> c.put("num_hidden_layers", 0), "'num_hidden_layers': 0"),
        setting("negative size", c -> c.put("hidden_size", -32), "'hidden_size': -32"),
        setting("text as size", c -> c.put("hidden_size", "32"), "'hidden_size': \"32\""),
        setting("fraction", c -> c.put("hidden_size", 32.5), "'hidden_size': 32.5"),
        setting("past int", c -> c.put("vocab_size", 1L << 40), "'vocab_size': 1099511627776"),
        setting("text as number", c -> c.put("rms_norm_eps", "x"), "'rms_norm_eps': \"x\""),
        setting("number as flag", c -> c.put("attention_bias", 1), "'attention_bias': 1"),
        setting("activation", c -> c.put("hidden_act", "mish"), "the activation 'mish'"));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("settings")
  void wrongSettingIsNamedWithItsFile(String what, Consumer<ObjectNode> change, String message) {
    folder.configure(change);
    refused(folder.config().toString(), message);
  }

  @Test
  void folderWithoutWeightsSaysWhatIsRead() throws IOException {
    Files.delete(folder.weights());
    refused(folder.path().toString(), "has neither model.safetensors nor", "index.json");
  }

  @Test
  void missingTensorIsNamed() {
    folder.reweigh(tensors -> {
      tensors.remove(LAST);
      return tensors;
    });
    refused(folder.path().toString(), "'" + LAST + "'");
  }

  @Test
  void misshapenTensorIsNamedWithBothShapes() {
    folder.reweigh(LAST, Tensor::t);
    refused(folder.weights().toString(), "'" + LAST + "'", "[80, 32]", "[32, 80]");
  }

  @Test
  void flatTensorOfTheRightSizeIsRefused() {
    folder.reweigh(LAST, t -> t.reshape(32 * 80));
    refused(folder.weights().toString(), "'" + LAST + "'", "[2560]");
  }

  @ParameterizedTest
  @ValueSource(doubles = {Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY})
  void weightThatIsNotFiniteIsNamed(double value) {
    folder.reweigh(
        LAST,
        t -> {
          Tensor last = t.reshape(-1).narrow(0, t.elements() - 1, 1);
          last.timesInPlace(0).plusInPlace(Tensors.of(new double[] {value}, 1));
          return t;
        });
    refused(folder.weights().toString(), "'" + LAST + "'", "NaN or infinite");
  }

  @Test
  void wholeNumbersAreNoWeights() {
    folder.reweigh(LAST, t -> t.to(DType.INT32));
    refused(folder.weights().toString(), "'" + LAST + "'", "int32");
  }

  @Test
  void truncatedFileIsNamed() throws IOException {
    truncate(folder.weights());
    refused(folder.weights().toString(), "truncated");
  }

  @Test
  void truncatedShardIsNamed() throws IOException {
    CheckpointTest.shard(folder);
    Path shard = folder.path().resolve("model-00002-of-00002.safetensors");
    truncate(shard);
    refused(shard.toString(), "truncated");
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void failedLoadUnmapsItsFiles() throws IOException {
    CheckpointTest.shard(folder);
    truncate(folder.path().resolve("model-00002-of-00002.safetensors"));
    refused("truncated");
    assertThat(Files.readString(Path.of("/proc/self/maps")))
        .doesNotContain(folder.path().toString());
  }

  @Test
  void missingShardIsNamed() throws IOException {
    CheckpointTest.shard(folder);
    Path shard = folder.path().resolve("model-00002-of-00002.safetensors");
    Files.delete(shard);
    refused(shard + " does not exist");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "../stolen.safetensors",
        "/tmp/stolen.safetensors",
        "sub/stolen.safetensors",
        "..\\stolen.safetensors",
        "..",
        ""
      })
  void indexCannotReachOutsideItsFolder(String shard) throws IOException {
    // The file exists where the path leads, so that only the check can stop it.
    Files.copy(folder.weights(), temporary.resolve("stolen.safetensors"));
    Files.createDirectories(folder.path().resolve("sub"));
    Files.copy(folder.weights(), folder.path().resolve("sub/stolen.safetensors"));
    placeIn(shard);
    refused(index().toString(), "'" + LAST + "'", "'" + shard + "'");
  }

  /** What the model needs decides, not what the index says of it. */
  @Test
  void anIndexMayNameWhatNobodyNeedsAndLeaveOutWhatIsThere() throws IOException {
    double[] expected = folder.logits(TOKENS);
    CheckpointTest.shard(folder);
    ObjectNode root = (ObjectNode) Json.MAPPER.readTree(index());
    ObjectNode map = (ObjectNode) root.path("weight_map");
    map.put("model.layers.0.self_attn.rotary_emb.inv_freq", "model-00001-of-00002.safetensors");
    map.put("model.buffer", "a shard that is not there.safetensors");
    map.remove(LAST);
    folder.write(index(), root.toString());
    assertThat(folder.logits(TOKENS)).isEqualTo(expected);
  }

  @Test
  void shardsMayHaveAnyName() throws IOException {
    double[] expected = folder.logits(TOKENS);
    CheckpointTest.shard(folder);
    Files.move(
        folder.path().resolve("model-00002-of-00002.safetensors"),
        folder.path().resolve("Zweiter Teil (é).bin"));
    folder.write(
        index(),
        Files.readString(index())
            .replace("model-00002-of-00002.safetensors", "Zweiter Teil (é).bin"));
    assertThat(folder.logits(TOKENS)).isEqualTo(expected);
  }

  @ParameterizedTest
  @ValueSource(strings = {"{}", "[]", "{\"weight_map\": {}}", "{\"weight_map\": [1]}", "{", ""})
  void indexWithoutAMapIsNamed(String text) throws IOException {
    Files.delete(folder.weights());
    folder.write(index(), text);
    refused(index().toString());
  }

  @Test
  void folderThatIsNotThereIsTheUsersMistake() {
    Path absent = temporary.resolve("absent");
    assertThatThrownBy(() -> LanguageModel.load(absent, DType.FLOAT32, Device.CPU).close())
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining(absent.toString());
    assertThatThrownBy(() -> LanguageModel.files(absent))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining(absent.toString());
  }

  private void refused(String... parts) {
    assertThatThrownBy(() -> folder.load(DType.FLOAT32).close())
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContainingAll(parts);
  }

  private Path index() {
    return folder.path().resolve("model.safetensors.index.json");
  }

  /** Makes the index place one tensor in {@code shard}. */
  private void placeIn(String shard) throws IOException {
    CheckpointTest.shard(folder);
    ObjectNode root = (ObjectNode) Json.MAPPER.readTree(index());
    ((ObjectNode) root.path("weight_map")).put(LAST, shard);
    folder.write(index(), root.toString());
  }

  private static void truncate(Path file) throws IOException {
    byte[] bytes = Files.readAllBytes(file);
    Files.write(Objects.requireNonNull(file), Arrays.copyOf(bytes, bytes.length - 1));
  }

  private static Arguments setting(String what, Consumer<ObjectNode> change, String message) {
    return Arguments.of(what, change, message);
  }
}
