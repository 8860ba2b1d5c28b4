package dev.whence.budget;

import dev.whence.tensor.NativeErrors;

/**
 * Repeats work with smaller batches when memory runs out, so that a long job is not lost to one
 * batch too many. Each attempt begins at the work's last checkpoint.
 */
public final class ShrinkingBatches {
  /** Below this a batch is one sequence anyway. */
  private static final int LEAST_TOKENS = 32;

  private ShrinkingBatches() {}

  /** Work that can be begun again. */
  @FunctionalInterface
  public interface Attempt<T> {
    /**
     * Does the work, from its last checkpoint on.
     *
     * @param remark what to add to the progress report: empty at first, then why batches are
     *     smaller
     */
    T with(int batchTokens, String remark);
  }

  /**
   * Runs {@code attempt}, with half the tokens whenever it runs out of memory.
   *
   * @throws RuntimeException or an {@link Error}, the attempt's own, when it failed for another
   *     reason or with the smallest batches
   */
  public static <T> T run(int batchTokens, Attempt<T> attempt) {
    int tokens = batchTokens;
    String remark = "";
    while (true) {
      try {
        return attempt.with(tokens, remark);
      } catch (RuntimeException | OutOfMemoryError e) {
        if (!NativeErrors.isOutOfMemory(e) || tokens / 2 < LEAST_TOKENS) {
          throw e;
        }
      }
      tokens /= 2;
      remark = " (memory ran out: now " + tokens + " tokens a batch)";
    }
  }
}
