package dev.whence.trace;

import dev.whence.Waiting;
import dev.whence.tensor.Scope;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.FutureTask;

/**
 * Numbered pieces of work, done by several workers at once, whose results are taken in the order of
 * the pieces: what comes of them does not depend on how many workers there are or which is faster.
 * Of n workers, each has a thread of its own and takes every n-th piece.
 */
public final class InTurns {
  private final int end;
  private int turn;
  private Optional<Throwable> failure = Optional.empty();

  private InTurns(int from, int to) {
    this.turn = from;
    this.end = to;
  }

  /** Does pieces of work. */
  @FunctionalInterface
  public interface Worker {
    /**
     * Does a piece, in a scope that stays open until its result was taken.
     *
     * @return takes the result, when all earlier pieces' were taken
     */
    Runnable work(int piece);
  }

  /**
   * Does the pieces from {@code from} up to, not including, {@code to}.
   *
   * @throws RuntimeException or an {@link Error}, of the first worker that failed; later results
   *     are not taken then
   */
  public static void run(int from, int to, List<? extends Worker> workers) {
    InTurns turns = new InTurns(from, to);
    List<FutureTask<Boolean>> tasks = new ArrayList<>();
    for (int w = 0; w < workers.size(); w++) {
      int first = from + w;
      Worker worker = workers.get(w);
      tasks.add(new FutureTask<>(() -> turns.run(worker, first, workers.size()), true));
      Thread.ofPlatform().name("whence-device-" + w).start(tasks.getLast());
    }
    tasks.forEach(task -> { // to the end: they work on the caller's tensors
      boolean _ = Waiting.forResult(task);
    });
    turns.failure.ifPresent(failure -> {
      throw Waiting.unchecked(failure);
    });
  }

  private void run(Worker worker, int first, int step) {
    try {
      for (int piece = first; piece < end; piece += step) {
        try (Scope _ = Scope.open()) {
          Runnable take = worker.work(piece);
          if (!awaitTurn(piece)) {
            return;
          }
          take.run();
        }
        next();
      }
    } catch (Throwable e) {
      fail(e);
    }
  }

  /** Whether the turn came; it does not once a worker has failed. */
  private synchronized boolean awaitTurn(int piece) throws InterruptedException {
    while (turn != piece && failure.isEmpty()) {
      wait();
    }
    return failure.isEmpty();
  }

  private synchronized void next() {
    turn++;
    notifyAll();
  }

  private synchronized void fail(Throwable e) {
    if (failure.isEmpty()) {
      failure = Optional.of(e);
    }
    notifyAll();
  }
}
