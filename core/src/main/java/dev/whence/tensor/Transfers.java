package dev.whence.tensor;

import java.util.concurrent.atomic.LongAdder;

/**
 * Counts what passes between a program and its device while work runs: on a GPU an array that is
 * sent costs a call, and a number that is read back makes the program wait until everything before
 * it is computed. Both are counted on the CPU too, where a test can see them.
 */
public final class Transfers {
  private static final LongAdder SENT = new LongAdder();
  private static final LongAdder WAITS = new LongAdder();
  private static volatile boolean counting;

  private Transfers() {}

  /**
   * The counts.
   *
   * @param sent arrays that became tensors
   * @param waits times that values of a tensor were read
   */
  public record Counts(long sent, long waits) {}

  /** What passes while {@code work} runs, on whatever thread. One count at a time. */
  public static synchronized Counts of(Runnable work) {
    SENT.reset();
    WAITS.reset();
    counting = true;
    try {
      work.run();
    } finally {
      counting = false;
    }
    return new Counts(SENT.sum(), WAITS.sum());
  }

  static void sent() {
    if (counting) {
      SENT.increment();
    }
  }

  static void waits() {
    if (counting) {
      WAITS.increment();
    }
  }
}
