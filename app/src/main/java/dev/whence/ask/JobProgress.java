package dev.whence.ask;

import dev.whence.InvalidInputException;
import dev.whence.Progress;
import java.time.Duration;
import java.time.Instant;
import java.util.OptionalLong;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicLong;

/** The progress of a running job, by which the job is also stopped. */
final class JobProgress implements Progress {
  private final Instant deadline;
  private volatile boolean cancelled;
  private volatile boolean interrupted;
  private volatile Step step = new Step("starting", 0, 0, "", Instant.now());

  /** The current stage, how much of it is done, and since when it runs. */
  record Step(String what, long done, long total, String unit, Instant began) {
    /** How long the rest takes at the rate so far; empty while that is not known. */
    OptionalLong secondsLeft() {
      double seconds = Duration.between(began, Instant.now()).toMillis() / 1000.0;
      return done > 0 && total > done && seconds >= 1
          ? OptionalLong.of((long) Math.ceil(seconds * (total - done) / done))
          : OptionalLong.empty();
    }
  }

  JobProgress(Duration limit) {
    deadline = Instant.now().plus(limit);
  }

  boolean isCancelled() {
    return cancelled;
  }

  void cancel() {
    cancelled = true;
  }

  /** Stops the work for now, to be taken up again. */
  void interrupt() {
    interrupted = true;
  }

  Step step() {
    return step;
  }

  @Override
  public Stage begin(String what, long total, String unit) {
    check();
    Instant began = Instant.now();
    step = new Step(what, 0, total, unit, began);
    AtomicLong done = new AtomicLong();
    return amount -> {
      step = new Step(what, done.addAndGet(amount), total, unit, began);
      check();
    };
  }

  private void check() {
    if (cancelled || interrupted) {
      throw new CancellationException();
    }
    if (Instant.now().isAfter(deadline)) {
      throw new InvalidInputException(
          "it took longer than a question may take; ask for fewer candidates, or give explore"
              + " longer --job-minutes");
    }
  }
}
