package dev.whence.model;

import dev.whence.InvalidInputException;
import dev.whence.Json;
import dev.whence.folder.AtomicFile;
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
import java.util.TreeMap;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/** The weights of a Hugging Face folder: {@code model.safetensors}, or the shards of an index. */
final class Checkpoint implements ParameterSource, AutoCloseable {
  private static final String SINGLE = "model.safetensors";
  private static final String INDEX = "model.safetensors.index.json";
  // Published GPT-2 checkpoints leave this prefix out.
  private static final String OPTIONAL_PREFIX = "transformer.";

  private final Path folder;
  private final DType type;
  private final Device device;
  private final Map<String, SafetensorsFile> fileByTensor = new LinkedHashMap<>();
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
        SafetensorsFile file = checkpoint.open(folder.resolve(SINGLE));
        file.names().forEach(name -> checkpoint.fileByTensor.put(name, file));
      } else {
        throw new InvalidInputException(
            folder
                + " has neither "
                + SINGLE
                + " nor "
                + INDEX
                + "; Whence reads safetensors alone");
      }
      return checkpoint;
    } catch (RuntimeException e) {
      checkpoint.close();
      throw e;
    }
  }

  private void openShards() {
    Path index = folder.resolve(INDEX);
    JsonNode map;
    try {
      map = Json.MAPPER.readTree(Files.readAllBytes(index)).path("weight_map");
    } catch (JacksonException e) {
      throw new InvalidInputException(index + " is not valid JSON: " + e.getOriginalMessage(), e);
    } catch (IOException e) {
      throw AtomicFile.failed("read", index, e);
    }
    if (!map.isObject() || map.isEmpty()) {
      throw new InvalidInputException(index + " has no weight_map; download it again");
    }
    for (var entry : map.properties()) {
      String shard = entry.getValue().asString("");
      if (!shard.matches("[\\w.-]+\\.safetensors")) {
        throw new InvalidInputException(
            index
                + " places tensor '"
                + entry.getKey()
                + "' in '"
                + shard
                + "', which is no file of this folder");
      }
      SafetensorsFile file = open(folder.resolve(shard));
      if (!file.names().contains(entry.getKey())) {
        throw new InvalidInputException(
            file.file()
                + " lacks tensor '"
                + entry.getKey()
                + "', which "
                + INDEX
                + " places there");
      }
      fileByTensor.put(entry.getKey(), file);
    }
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

  private SafetensorsFile open(Path file) {
    return files.computeIfAbsent(file, SafetensorsFile::open);
  }

  @Override
  public Tensor parameter(String name, long... shape) {
    String found = find(name);
    SafetensorsFile file = fileByTensor.get(found);
    if (file == null) {
      throw new InvalidInputException(
          folder + " has no tensor '" + name + "', which its config.json calls for");
    }
    if (!file.type(found).isFloatingPoint()) {
      throw new InvalidInputException(
          "%s has tensor '%s' of type %s, where a floating-point one was expected"
              .formatted(file.file(), found, file.type(found)));
    }
    if (!Arrays.equals(file.shape(found), shape)) {
      throw new InvalidInputException(
          "%s has tensor '%s' of shape %s, but its config.json calls for %s"
              .formatted(
                  file.file(), found, Arrays.toString(file.shape(found)), Arrays.toString(shape)));
    }
    Tensor value = file.tensor(found);
    if (!value.isFinite()) {
      throw new InvalidInputException(
          file.file() + " has tensor '" + found + "' with values that are NaN or infinite");
    }
    Tensor converted = value.to(type);
    if (!converted.isFinite()) {
      throw new InvalidInputException(
          "%s has tensor '%s' with values beyond %s; give --dtype float32 or bfloat16"
              .formatted(file.file(), found, type));
    }
    return converted.to(device).keep();
  }

  private String find(String name) {
    boolean bare =
        !fileByTensor.containsKey(name)
            && name.startsWith(OPTIONAL_PREFIX)
            && fileByTensor.containsKey(name.substring(OPTIONAL_PREFIX.length()));
    return bare ? name.substring(OPTIONAL_PREFIX.length()) : name;
  }

  /** Closes the files; parameters already read stay. */
  @Override
  public void close() {
    files.values().forEach(SafetensorsFile::close);
  }
}
