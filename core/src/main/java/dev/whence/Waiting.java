package dev.whence;

import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;

/** Waiting for work on other threads that uses what this thread owns: it must come to its end. */
public final class Waiting {
  private Waiting() {}

  /**
   * The result of some work. Waits to the end even when interrupted, and leaves the thread
   * interrupted then.
   *
   * @throws RuntimeException or an {@link Error}, what the work threw
   */
  public static <T> T forResult(Future<T> work) {
    boolean interrupted = false;
    try {
      while (true) {
        try {
          return work.get();
        } catch (InterruptedException e) {
          interrupted = true;
        } catch (ExecutionException e) {
          throw unchecked(e.getCause() == null ? e : e.getCause());
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /** A failure as one that need not be declared; an {@link Error} is thrown. */
  public static RuntimeException unchecked(Throwable failure) {
    if (failure instanceof Error error) {
      throw error;
    }
    return failure instanceof RuntimeException e ? e : new IllegalStateException(failure);
  }
}
