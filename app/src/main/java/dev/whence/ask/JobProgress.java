package dev.whence.ask;

import dev.whence.Progress;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.CancellationException;

/** How far a running job is; also where it is stopped. */
final class JobProgress implements Progress {
  private final Instant deadline;
  private volatile boolean cancelled;
  private volatile Step step = new Step("starting", 0, 0, "");

  /** What is being done, and how much of it is done. */
  public record Step(String what, long done, long total, String unit) {}

  JobProgress(Duration limit) {
    deadline = Instant.now().plus(limit);
  }

  void cancel() {
    cancelled = true;
  }

  Step step() {
    return step;
  }

  @Override
  public Stage begin(String what, long total, String unit) {
    step = new Step(what, 0, total, unit);
    return amount -> {
      Step now = step;
      step = new Step(what, now.done + amount, total, unit);
      if (cancelled) {
        throw new CancellationException();
      }
      if (Instant.now().isAfter(deadline)) {
        throw new IllegalStateException(
            "It took longer than a job may take; ask for fewer candidates, or give explore a longer"
                + " --job-minutes");
      }
    };
  }
}
