package dev.whence.lab.training;

import dev.whence.InvalidInputException;
import dev.whence.model.LanguageModel;
import dev.whence.tensor.Autograd;
import dev.whence.tensor.SafetensorsFile;
import dev.whence.tensor.Scope;
import dev.whence.tensor.Tensor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The state of a training run in one file: weights, optimizer and step, appearing whole or not at
 * all.
 */
final class TrainingCheckpoint {
  private static final String STEP = "step";

  private final Path file;
  private final Map<String, Tensor> tensors = new LinkedHashMap<>();
  private final Map<String, String> identity;

  TrainingCheckpoint(
      Path folder,
      LanguageModel model,
      AdamW optimizer,
      TrainingSettings settings,
      String corpusHash,
      String start) {
    this.file = folder.resolve("checkpoint.safetensors");
    List<String> names = new ArrayList<>(model.parameters().keySet());
    for (int i = 0; i < names.size(); i++) {
      String name = names.get(i);
      tensors.put("parameter." + name, model.parameters().get(name));
      tensors.put("mean." + name, optimizer.means().get(i));
      tensors.put("square." + name, optimizer.squares().get(i));
    }
    this.identity = settings.options();
    identity.put("corpus", corpusHash);
    identity.put("start", start);
  }

  void save(long step) {
    Map<String, String> metadata = new LinkedHashMap<>(identity);
    metadata.put(STEP, "" + step);
    SafetensorsFile.write(file, tensors, metadata);
  }

  /** Restores the saved state, if there is one, and returns the step to go on with. */
  long restore() {
    if (!Files.exists(file)) {
      return 0;
    }
    try (Scope _ = Scope.open();
        SafetensorsFile saved = SafetensorsFile.open(file)) {
      Map<String, String> metadata = new LinkedHashMap<>(saved.metadata());
      String step = metadata.remove(STEP);
      if (!metadata.equals(identity) || step == null || !saved.names().equals(tensors.keySet())) {
        throw new InvalidInputException(
            file + " is of a run with other settings or data; delete it, or choose another --out");
      }
      Autograd.unrecorded(
          () -> tensors.forEach((name, tensor) -> tensor.copyInPlace(saved.tensor(name))));
      return Long.parseLong(step);
    }
  }

  void delete() {
    try {
      Files.deleteIfExists(file);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot delete " + file + ": " + e.getMessage(), e);
    }
  }
}
