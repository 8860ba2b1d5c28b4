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
  private static final String IN_RANGE = "in_range";

  private final Path file;

  public PassCheckpoint(Path file) {
    this.file = file;
  }

  /**
   * Saves the sums at the end of a chunk.
   *
   * @param next the place to go on from
   * @param inRange whether the chunk's range goes on
   */
  public void save(PassState state, long next, boolean inRange) {
    Map<String, String> metadata = new LinkedHashMap<>();
    metadata.put(NEXT, "" + next);
    metadata.put(IN_RANGE, "" + inRange);
    state.counts().forEach((name, count) -> metadata.put("count." + name, "" + count));
    SafetensorsFile.write(file, tensors(state), metadata);
  }

  /** Takes up the saved sums, or starts from zero if there are none: the place to go on from. */
  public long restore(PassState state) {
    if (!Files.exists(file)) {
      state.reset();
      return 0;
    }
    try (SafetensorsFile saved = SafetensorsFile.open(file)) {
      Map<String, Tensor> tensors = tensors(state);
      String next = saved.metadata().get(NEXT);
      if (next == null || !saved.names().equals(tensors.keySet())) {
        throw new InvalidInputException("it holds something else");
      }
      tensors.forEach((name, tensor) -> {
        try (Scope _ = Scope.open()) { // one at a time: together they take as much again
          tensor.copyInPlace(saved.tensor(name));
        }
      });
      boolean inRange = Boolean.parseBoolean(saved.metadata().get(IN_RANGE));
      state.sums().values().forEach(sum -> sum.restored(inRange));
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

  private static Map<String, Tensor> tensors(PassState state) {
    Map<String, Tensor> tensors = new LinkedHashMap<>();
    state
        .sums()
        .forEach(
            (name, sum) -> sum.tensors().forEach((part, t) -> tensors.put(name + "." + part, t)));
    return tensors;
  }
}
