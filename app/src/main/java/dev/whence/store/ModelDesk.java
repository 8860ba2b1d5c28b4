package dev.whence.store;

import dev.whence.InvalidInputException;
import dev.whence.curvature.Damping;
import dev.whence.index.IndexSearcher;
import dev.whence.index.InfluenceIndex;
import dev.whence.model.LanguageModel;
import dev.whence.run.RunFolder;
import dev.whence.tensor.DType;
import dev.whence.tensor.Device;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Loads models and gives them to one task at a time; the last one stays loaded. */
public final class ModelDesk implements AutoCloseable {
  private final ReentrantLock lock = new ReentrantLock();
  private final Device device;
  private @Nullable Loaded loaded;

  /** A desk without a model yet. */
  public ModelDesk(Device device) {
    this.device = device;
  }

  /** A fitted run and its model, and what was made to ask an index of it. */
  public static final class Loaded implements AutoCloseable {
    private final RunFolder run;
    private final ModelFolder folder;
    private @Nullable Searching searching;

    /** The last index that was asked, and how. */
    private record Searching(InfluenceIndex index, Damping damping, IndexSearcher searcher) {}

    private Loaded(RunFolder run, ModelFolder folder) {
      this.run = run;
      this.folder = folder;
    }

    /**
     * Loads the model of a run.
     *
     * @throws InvalidInputException when it is gone or has changed since the fit
     */
    public static Loaded of(RunFolder run, Device device) {
      Path checkpoint = Path.of(run.manifest().model().folder());
      run.verifiedModel(LanguageModel.files(checkpoint));
      DType type = run.manifest().precision();
      return new Loaded(
          run, ModelFolder.open(checkpoint, run.manifest().corpus().endTokens(), type, device));
    }

    public RunFolder run() {
      return run;
    }

    public ModelFolder folder() {
      return folder;
    }

    public LanguageModel model() {
      return folder.model();
    }

    /** Asks an index. The last one stays ready, with its projections: do not close it. */
    public IndexSearcher searcher(InfluenceIndex index, Damping damping) {
      Searching last = searching;
      if (last != null && last.index == index && last.damping.equals(damping)) {
        return last.searcher;
      }
      closeSearcher();
      Searching fresh =
          new Searching(index, damping, new IndexSearcher(index, run, model(), damping));
      searching = fresh;
      return fresh.searcher;
    }

    private void closeSearcher() {
      if (searching != null) {
        searching.searcher.close();
        searching = null;
      }
    }

    @Override
    public void close() {
      closeSearcher();
      folder.close();
    }
  }

  /**
   * Waits until no other work runs, loads the model of the results' run unless it is the loaded
   * one, and applies the work to it.
   *
   * @param patience how long to wait at most
   * @throws InvalidInputException when the run or its model is gone or has changed, or other work
   *     takes longer than {@code patience}
   */
  public <T> T with(ResultsStore store, Duration patience, Function<Loaded, T> work) {
    try {
      if (!lock.tryLock(patience.toMillis(), TimeUnit.MILLISECONDS)) {
        throw new InvalidInputException(
            "The model is at work on a question; come back when that is answered");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while waiting for the model", e);
    }
    try {
      return work.apply(load(RunFolder.open(Path.of(store.folder().manifest().run()))));
    } finally {
      lock.unlock();
    }
  }

  private Loaded load(RunFolder run) {
    if (loaded != null && loaded.run.manifest().equals(run.manifest())) {
      return loaded;
    }
    clear();
    Loaded fresh = Loaded.of(run, device);
    loaded = fresh;
    return fresh;
  }

  private void clear() {
    if (loaded != null) {
      loaded.close();
      loaded = null;
    }
  }

  @Override
  public void close() {
    lock.lock();
    try {
      clear();
    } finally {
      lock.unlock();
    }
  }
}
