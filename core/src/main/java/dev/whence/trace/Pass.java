package dev.whence.trace;

import java.util.function.Consumer;

/** A way through all of some data, as often as one likes. */
@FunctionalInterface
public interface Pass {
  /** Goes through the data in batches, each in a scope of its own. */
  void run(Consumer<Examples> step);
}
