package dev.whence.attribution;

import dev.whence.InvalidInputException;
import dev.whence.influence.TopInfluences;
import dev.whence.tensor.SafetensorsFile;
import dev.whence.tensor.Scope;
import dev.whence.tensor.Tensor;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * How far a scan has come, and the best sequences so far, in one file that appears whole or not at
 * all.
 */
final class ScanCheckpoint {
  private static final String NEXT = "next";

  private final Path file;

  ScanCheckpoint(Path file) {
    this.file = file;
  }

  void save(TopInfluences top, Optional<ScanAttributions> attributions, long next) {
    try (Scope _ = Scope.open()) {
      Map<String, Tensor> tensors = new LinkedHashMap<>(top.toTensors());
      attributions.ifPresent(parts -> tensors.putAll(parts.toTensors()));
      SafetensorsFile.write(file, tensors, Map.of(NEXT, "" + next));
    }
  }

  /** Takes up what was saved, if anything was: the place to go on from. */
  long restore(TopInfluences top, Optional<ScanAttributions> attributions) {
    if (!Files.exists(file)) {
      return 0;
    }
    try (Scope _ = Scope.open();
        SafetensorsFile saved = SafetensorsFile.open(file)) {
      top.addAll(saved.tensor("query"), saved.tensor("place"), saved.tensor("influence"));
      if (saved.names().contains("parts.query")) {
        attributions.ifPresent(parts -> parts.addAll(saved::tensor));
      }
      return Long.parseLong(saved.metadata().getOrDefault(NEXT, "0"));
    } catch (InvalidInputException | NumberFormatException e) {
      throw new InvalidInputException(
          file + " is damaged; delete " + file.getParent() + " to start over", e);
    }
  }
}
