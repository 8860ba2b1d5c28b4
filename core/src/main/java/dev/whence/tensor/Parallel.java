package dev.whence.tensor;

import dev.whence.Waiting;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.bytedeco.openblas.global.openblas;
import org.bytedeco.pytorch.global.torch;

/**
 * Independent pieces of work side by side, each on one core. libtorch and BLAS divide every single
 * operation among the cores instead, which leaves them idle where operations are small or cannot be
 * divided (docs/decisions/0012).
 */
public final class Parallel {
  private static final int CORES = torch.get_num_threads();
  private static final ExecutorService WORKERS =
      Executors.newFixedThreadPool(
          CORES, task -> Thread.ofPlatform().daemon().name("whence-worker").unstarted(task));

  /** Whether this thread runs pieces: one that waited for others would wait for itself. */
  private static final ThreadLocal<Boolean> IS_PIECE = ThreadLocal.withInitial(() -> false);

  private Parallel() {}

  /** How many cores there are to share: libtorch's number of threads. */
  public static int cores() {
    return CORES;
  }

  /**
   * Runs pieces of work that share no tensor they write to. Calls of several threads take turns;
   * the pieces of a call that a piece makes run one after the other, on that piece's core.
   *
   * @param pieces each run in a scope of its own, whose results leave it
   * @return each piece's results; the caller closes them
   * @throws RuntimeException or an {@link Error}, of the first piece that failed; no results are
   *     left then
   */
  public static List<List<Tensor>> run(List<Callable<List<Tensor>>> pieces) {
    if (!IS_PIECE.get()) {
      return runSideBySide(pieces);
    }
    List<List<Tensor>> done = new ArrayList<>();
    try {
      for (Callable<List<Tensor>> piece : pieces) {
        done.add(inScope(piece));
      }
      return done;
    } catch (Exception e) {
      done.forEach(tensors -> tensors.forEach(Tensor::close));
      throw Waiting.unchecked(e);
    }
  }

  private static synchronized List<List<Tensor>> runSideBySide(
      List<Callable<List<Tensor>>> pieces) {
    divideProducts(1);
    List<List<Tensor>> done = new ArrayList<>();
    try {
      List<Future<List<Tensor>>> running =
          pieces.stream().map(piece -> WORKERS.submit(() -> onOneCore(piece))).toList();
      List<Throwable> failures = new ArrayList<>();
      for (Future<List<Tensor>> future : running) {
        try {
          done.add(Waiting.forResult(future)); // to the end: pieces work on the caller's tensors
        } catch (RuntimeException | Error e) {
          failures.add(e);
        }
      }
      if (!failures.isEmpty()) {
        done.forEach(tensors -> tensors.forEach(Tensor::close));
        throw Waiting.unchecked(failures.getFirst());
      }
      return done;
    } finally {
      divideProducts(CORES);
    }
  }

  private static void divideProducts(int threads) {
    try (Scope _ = Scope.open()) { // the binding makes native objects of its own
      openblas.blas_set_num_threads(threads);
    }
  }

  private static List<Tensor> onOneCore(Callable<List<Tensor>> piece) throws Exception {
    if (torch.get_num_threads() != 1) {
      becomeWorker();
    }
    IS_PIECE.set(true);
    return inScope(piece);
  }

  private static List<Tensor> inScope(Callable<List<Tensor>> piece) throws Exception {
    try (Scope _ = Scope.open()) {
      List<Tensor> results = piece.call();
      results.forEach(Tensor::keep);
      return results;
    }
  }

  /**
   * Sets libtorch to one thread on this worker. The call also changes the default for threads that
   * have not used libtorch yet, which another thread then sets back.
   */
  private static void becomeWorker() {
    torch.set_num_threads(1);
    try {
      Thread restoring = new Thread(() -> torch.set_num_threads(CORES));
      restoring.start();
      restoring.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
