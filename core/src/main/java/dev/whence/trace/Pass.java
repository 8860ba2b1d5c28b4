package dev.whence.trace;

import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BiFunction;
import java.util.function.Consumer;

/** A way through all of some data, as often as one likes. */
@FunctionalInterface
public interface Pass {
  /** Goes through the data in batches, each in a scope of its own. */
  void run(Consumer<Examples> step);

  /**
   * Goes through the data, carrying a value from batch to batch.
   *
   * @param start the value before the first batch
   * @param step what a batch makes of the value; no tensor of the batch's scope may be a part of it
   * @return the value after the last batch
   */
  default <T> T fold(T start, BiFunction<T, Examples, T> step) {
    AtomicReference<T> value = new AtomicReference<>(start);
    run(batch -> value.set(step.apply(Objects.requireNonNull(value.get()), batch)));
    return Objects.requireNonNull(value.get());
  }

  /** How many examples a pass with a step goes through. */
  default long count(Consumer<Examples> step) {
    return fold(
        0L,
        (count, batch) -> {
          step.accept(batch);
          return count + batch.size();
        });
  }
}
