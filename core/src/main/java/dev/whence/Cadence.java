package dev.whence;

/** Says when the next checkpoint is due: a number of seconds after the last; with 0, always. */
public final class Cadence {
  private final long nanos;
  private long last = System.nanoTime();

  public Cadence(int seconds) {
    this.nanos = seconds * 1_000_000_000L;
  }

  /** Whether the time has passed. */
  public boolean due() {
    return System.nanoTime() - last >= nanos;
  }

  /** Starts the time anew, after a checkpoint. */
  public void restart() {
    last = System.nanoTime();
  }
}
