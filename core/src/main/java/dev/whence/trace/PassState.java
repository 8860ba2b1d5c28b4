package dev.whence.trace;

import dev.whence.tensor.LongSum;
import dev.whence.tensor.Scope;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;

/** What a pass sums up, in a form that a checkpoint can save and restore and that ranges merge. */
public interface PassState extends AutoCloseable {
  /** Adds a batch, whose trace is used up: a layer's part of it is freed when it was added. */
  void add(Trace trace, Examples batch);

  /**
   * Looks for numbers that are not finite, so that a pass ends soon after they arise.
   *
   * @throws ArithmeticException naming the layer where they do
   */
  void requireFinite();

  /** The sums, by name. */
  Map<String, LongSum> sums();

  /** What was counted, by name. */
  Map<String, Long> counts();

  /** Counts on from these. */
  void restoreCounts(Map<String, Long> counts);

  /** Starts over at zero. */
  default void reset() {
    try (Scope _ = Scope.open()) {
      sums()
          .values()
          .forEach(sum -> {
            sum.tensors().values().forEach(part -> part.fillInPlace(0));
            sum.restored(false);
          });
    }
    restoreCounts(Map.of());
  }

  /**
   * Ends a chunk of the corpus.
   *
   * @param endsRange whether it is the last of its range
   */
  default void endChunk(boolean endsRange) {
    sums().values().forEach(sum -> sum.endChunk(endsRange));
  }

  /**
   * Adds what was summed up over the next range by itself. Merged in their order, all ranges give
   * what one pass over all of them gives, to the last bit.
   */
  default void merge(PassState next) {
    sums().forEach((name, sum) -> sum.merge(Objects.requireNonNull(next.sums().get(name), name)));
    Map<String, Long> together = new LinkedHashMap<>(counts());
    next.counts().forEach((name, count) -> together.merge(name, count, Long::sum));
    restoreCounts(together);
  }

  @Override
  void close();
}
