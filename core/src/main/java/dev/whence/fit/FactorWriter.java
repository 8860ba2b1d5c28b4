package dev.whence.fit;

import dev.whence.curvature.LayerFactors.Kronecker;
import dev.whence.tensor.Scope;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** Writes each layer's bases on a thread of its own, while the next layer is decomposed. */
final class FactorWriter implements Bases.LayerStep {
  private final Bases.LayerStep write;
  private final ExecutorService thread = Executors.newSingleThreadExecutor();
  private final List<Future<?>> writes = new ArrayList<>();

  /**
   * Prepares to write.
   *
   * @param write is called on the other thread, layer after layer, in a scope of its own
   */
  FactorWriter(Bases.LayerStep write) {
    this.write = write;
  }

  @Override
  public void take(int layer, Kronecker bases) {
    writes.add(
        thread.submit(() -> {
          try (Scope _ = Scope.open()) {
            write.take(layer, bases);
          }
        }));
  }

  /**
   * Waits until all is written.
   *
   * @throws RuntimeException or an {@link Error}, of the first layer that could not be written
   */
  @Override
  public void close() {
    thread.close();
    for (Future<?> one : writes) {
      switch (one.state()) {
        case SUCCESS -> {}
        case FAILED -> throw unchecked(one.exceptionNow());
        default -> throw new IllegalStateException("interrupted while factors were written");
      }
    }
  }

  private static RuntimeException unchecked(Throwable failure) {
    if (failure instanceof Error error) {
      throw error;
    }
    return (RuntimeException) failure; // a LayerStep throws nothing else
  }
}
