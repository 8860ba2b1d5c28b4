package dev.whence.trace;

import dev.whence.InvalidInputException;
import dev.whence.tensor.SafetensorsFile;
import dev.whence.tensor.Scope;
import dev.whence.tensor.Tensor;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;

/** A pass's sums and how far it has come, in one file that appears whole or not at all. */
public final class PassCheckpoint {
  private static final String NEXT = "next";

  private final Path file;

  public PassCheckpoint(Path file) {
    this.file = file;
  }

  public void save(PassState state, long next) {
    Map<String, String> metadata = new LinkedHashMap<>();
    metadata.put(NEXT, "" + next);
    state.counts().forEach((name, count) -> metadata.put("count." + name, "" + count));
    SafetensorsFile.write(file, state.tensors(), metadata);
  }

  /** Takes up the saved sums, or starts from zero if there are none: the place to go on from. */
  public long restore(PassState state) {
    if (!Files.exists(file)) {
      try (Scope _ = Scope.open()) {
        state.tensors().values().forEach(sum -> sum.fillInPlace(0));
      }
      state.restoreCounts(Map.of());
      return 0;
    }
    try (Scope _ = Scope.open();
        SafetensorsFile saved = SafetensorsFile.open(file)) {
      Map<String, Tensor> tensors = state.tensors();
      String next = saved.metadata().get(NEXT);
      if (next == null || !saved.names().equals(tensors.keySet())) {
        throw new InvalidInputException("it holds something else");
      }
      tensors.forEach((name, tensor) -> tensor.copyInPlace(saved.tensor(name)));
      Map<String, Long> counts = new HashMap<>();
      saved
          .metadata()
          .forEach((name, value) -> {
            if (name.startsWith("count.")) {
              counts.put(name.substring("count.".length()), Long.parseLong(value));
            }
          });
      state.restoreCounts(counts);
      return Long.parseLong(next);
    } catch (InvalidInputException | NumberFormatException e) {
      throw new InvalidInputException(
          file + " is damaged; delete " + file.getParent() + " to start over", e);
    }
  }
}
