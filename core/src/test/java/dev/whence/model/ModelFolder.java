package dev.whence.model;

import dev.whence.Json;
import dev.whence.tensor.DType;
import dev.whence.tensor.Device;
import dev.whence.tensor.SafetensorsFile;
import dev.whence.tensor.Scope;
import dev.whence.tensor.Tensor;
import dev.whence.tensor.Tensors;
import dev.whence.testing.Oracle;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import tools.jackson.databind.node.ObjectNode;

/** A copy of an oracle's checkpoint that a test may spoil. */
public record ModelFolder(Path path) {
  public static ModelFolder copyOf(String oracle, Path target) {
    try {
      Files.createDirectories(target);
      for (String name : List.of("config.json", "model.safetensors")) {
        Files.copy(Oracle.of(oracle).model().resolve(name), target.resolve(name));
      }
      return new ModelFolder(target);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  Path config() {
    return path.resolve("config.json");
  }

  Path weights() {
    return path.resolve("model.safetensors");
  }

  /** Changes settings of the config. */
  ModelFolder configure(Consumer<ObjectNode> change) {
    ObjectNode root = (ObjectNode) Json.MAPPER.readTree(config());
    change.accept(root);
    return write(config(), root.toString());
  }

  ModelFolder write(Path file, String text) {
    try {
      Files.writeString(file, text);
      return this;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Replaces the weights by what {@code change} makes of them. */
  ModelFolder reweigh(UnaryOperator<Map<String, Tensor>> change) {
    try (Scope _ = Scope.open()) {
      Map<String, Tensor> tensors = new LinkedHashMap<>();
      try (SafetensorsFile file = SafetensorsFile.open(weights())) {
        file.names().forEach(name -> tensors.put(name, file.tensor(name)));
      }
      SafetensorsFile.write(weights(), change.apply(tensors), Map.of());
    }
    return this;
  }

  /** Replaces one tensor. */
  public ModelFolder reweigh(String name, UnaryOperator<Tensor> change) {
    return reweigh(tensors -> {
      tensors.compute(name, (_, old) -> change.apply(old));
      return tensors;
    });
  }

  public LanguageModel load(DType type) {
    return LanguageModel.load(path, type, Device.CPU);
  }

  /** The logits of one sequence, [positions * vocabulary], in float64. */
  double[] logits(int... tokens) {
    try (Scope _ = Scope.open();
        LanguageModel model = load(DType.FLOAT64)) {
      return logits(model, tokens);
    }
  }

  static double[] logits(LanguageModel model, int... tokens) {
    try (Scope _ = Scope.open()) {
      long[] ids = Arrays.stream(tokens).asLongStream().toArray();
      return model.logits(Tensors.of(ids, 1, ids.length), Tap.NONE).toDoubles();
    }
  }

  /** Tokens of the oracles' vocabulary of 128. */
  public static int[] tokens(long seed, int count) {
    return new Random(seed).ints(count, 0, 128).toArray();
  }
}
