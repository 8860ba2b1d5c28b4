package dev.whence.model;

import dev.whence.InvalidInputException;
import dev.whence.Json;
import dev.whence.folder.AtomicFile;
import dev.whence.folder.GitLfs;
import dev.whence.tensor.DType;
import dev.whence.tensor.Device;
import dev.whence.tensor.SafetensorsFile;
import dev.whence.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/** The weights of a Hugging Face folder: {@code model.safetensors}, or the shards of an index. */
final class Checkpoint implements ParameterSource, AutoCloseable {
  private static final String SINGLE = "model.safetensors";
  private static final String INDEX = "model.safetensors.index.json";

  /** What checkpoints that were saved without their head leave out of every name. */
  private static final List<String> BASE_PREFIXES = List.of("transformer.", "gpt_neox.", "model.");

  /** How the names of what belongs to quantised weights end. */
  private static final Pattern OF_QUANTISED_WEIGHTS =
      Pattern.compile(
          ".*(\\.qweight|\\.qzeros|\\.scales|weight_scale(_inv)?|weight_scale_2|\\.absmax|\\.quant_map|\\.quant_state.*|\\.SCB|\\.weight_format|\\.weight_packed|\\.g_idx|\\.input_scale)");

  private final Path folder;
  private final DType type;
  private final Device device;
  private final Map<String, SafetensorsFile> fileByTensor = new LinkedHashMap<>();
  private final Map<String, Path> missing = new LinkedHashMap<>(); // by tensor, its lost shard
  private final Map<Path, SafetensorsFile> files = new TreeMap<>();

  private Checkpoint(Path folder, DType type, Device device) {
    this.folder = folder;
    this.type = type;
    this.device = device;
  }

  /**
   * Opens the weights of a folder; their values are converted to {@code type} as they are read.
   *
   * @throws InvalidInputException when the folder has none, or a shard is missing or damaged
   */
  static Checkpoint open(Path folder, DType type, Device device) {
    Checkpoint checkpoint = new Checkpoint(folder, type, device);
    try {
      if (Files.exists(folder.resolve(INDEX)) && !Files.exists(folder.resolve(SINGLE))) {
        checkpoint.openShards();
      } else if (Files.exists(folder.resolve(SINGLE))) {
        checkpoint.take(folder.resolve(SINGLE));
      } else {
        throw new InvalidInputException(
            folder
                + " has neither "
                + SINGLE
                + " nor "
                + INDEX
                + "; Whence reads safetensors alone");
      }
      checkpoint.requirePlainWeights();
      return checkpoint;
    } catch (RuntimeException e) {
      checkpoint.close();
      throw e;
    }
  }

  /**
   * Opens the shards that the index names. Where a tensor lies is what the shards themselves say:
   * an index may name buffers that nobody needs, or leave out what is there.
   */
  private void openShards() {
    Path index = folder.resolve(INDEX);
    GitLfs.requireContent(index);
    JsonNode map;
    try {
      map = Json.MAPPER.readTree(Files.readAllBytes(index)).path("weight_map");
    } catch (JacksonException e) {
      throw new InvalidInputException(index + " is not valid JSON: " + Json.reason(e), e);
    } catch (IOException e) {
      throw AtomicFile.unreadable(index, e);
    }
    if (!map.isObject() || map.isEmpty()) {
      throw new InvalidInputException(index + " has no weight_map; download it again");
    }
    for (var entry : map.properties()) {
      Path shard = shard(index, entry.getKey(), entry.getValue().asString(""));
      if (!Files.exists(shard)) {
        missing.put(entry.getKey(), shard);
      } else if (!files.containsKey(shard)) {
        take(shard);
      }
    }
    // Where two shards have a tensor, the index says which of them holds.
    for (var entry : map.properties()) {
      Optional.ofNullable(files.get(folder.resolve(entry.getValue().asString(""))))
          .filter(file -> file.names().contains(entry.getKey()))
          .ifPresent(file -> fileByTensor.put(entry.getKey(), file));
    }
    missing.keySet().forEach(fileByTensor::remove);
  }

  private Path shard(Path index, String tensor, String name) {
    if (name.isBlank() || name.contains("/") || name.contains("\\") || name.equals("..")) {
      throw new InvalidInputException(
          "%s places tensor '%s' in '%s', which is no file of this folder"
              .formatted(index, tensor, name));
    }
    return folder.resolve(name);
  }

  private void take(Path path) {
    SafetensorsFile file = files.computeIfAbsent(path, SafetensorsFile::open);
    file.names().forEach(name -> fileByTensor.putIfAbsent(name, file));
  }

  /** Weights that are stored beside their scales mean nothing by themselves. */
  private void requirePlainWeights() {
    fileByTensor.forEach((name, file) -> {
      if (OF_QUANTISED_WEIGHTS.matcher(name).matches()) {
        throw new InvalidInputException(
            "%s has tensor '%s': its weights are quantised; give the model in bfloat16, float16 or float32"
                .formatted(file.file(), name));
      }
    });
  }

  /** The files that the weights are read from, and their index if there is one. */
  List<Path> files() {
    List<Path> all = new ArrayList<>();
    if (!files.containsKey(folder.resolve(SINGLE))) {
      all.add(folder.resolve(INDEX));
    }
    all.addAll(files.keySet());
    return all;
  }

  @Override
  public Tensor parameter(String name, long... shape) {
    String stored = stored(name);
    SafetensorsFile file = fileByTensor.get(stored);
    if (file == null) {
      throw absent(name);
    }
    if (!file.type(stored).isFloatingPoint()) {
      throw new InvalidInputException(
          "%s has tensor '%s' of type %s, where a floating-point one was expected"
              .formatted(file.file(), stored, file.type(stored)));
    }
    if (!Arrays.equals(file.shape(stored), shape)) {
      throw new InvalidInputException(
          "%s has tensor '%s' of shape %s, but its config.json calls for %s"
              .formatted(
                  file.file(),
                  stored,
                  Arrays.toString(file.shape(stored)),
                  Arrays.toString(shape)));
    }
    Tensor value = file.tensor(stored);
    if (!value.isFinite()) {
      throw new InvalidInputException(
          file.file() + " has tensor '" + stored + "' with values that are NaN or infinite");
    }
    Tensor converted = value.to(type);
    if (!converted.isFinite()) {
      throw new InvalidInputException(
          "%s has tensor '%s' with values beyond %s; give --dtype float32 or bfloat16"
              .formatted(file.file(), stored, type));
    }
    return converted.to(device).keep();
  }

  @Override
  public boolean has(String name) {
    return fileByTensor.containsKey(stored(name));
  }

  /** The name under which a parameter is stored: its own, or that without the base's prefix. */
  private String stored(String name) {
    if (!fileByTensor.containsKey(name)) {
      for (String prefix : BASE_PREFIXES) {
        String bare = without(prefix, name);
        if (fileByTensor.containsKey(bare)) {
          return bare;
        }
      }
    }
    return name;
  }

  private static String without(String prefix, String name) {
    return name.startsWith(prefix) ? name.substring(prefix.length()) : name;
  }

  private InvalidInputException absent(String name) {
    Optional<Path> shard =
        Optional.ofNullable(missing.get(name))
            .or(() -> Optional.ofNullable(missing.get(stored(name))));
    if (shard.isPresent()) {
      return new InvalidInputException(
          "%s does not exist, and %s places tensor '%s' there; download it again"
              .formatted(shard.get(), INDEX, name));
    }
    Optional<String> other =
        Stream.concat(Stream.of(name), BASE_PREFIXES.stream().map(prefix -> without(prefix, name)))
            .flatMap(wanted ->
                fileByTensor.keySet().stream()
                    .filter(there -> there.endsWith("." + wanted))
                    .map(there -> foreign(there, wanted)))
            .findFirst();
    if (other.isEmpty() && name.matches("lm_head\\.weight|embed_out\\.weight")) {
      return new InvalidInputException(
          "%s has no head: '%s', which its config.json does not tie; save the model with AutoModelForCausalLM"
              .formatted(folder, name));
    }
    return new InvalidInputException(
        "%s has no tensor '%s', which its config.json calls for%s"
            .formatted(folder, name, other.orElse("")));
  }

  private static String foreign(String there, String wanted) {
    return "; it has '%s': save it again without '%s' before its names"
        .formatted(there, there.substring(0, there.length() - wanted.length()));
  }

  /** Closes the files; parameters already read stay. */
  @Override
  public void close() {
    files.values().forEach(SafetensorsFile::close);
  }
}
