package dev.whence;

/** Where long work reports how far it is. Implementations draw a bar, log a line, or do nothing. */
@FunctionalInterface
public interface Progress {
  /** Reports nothing. */
  Progress NONE = (_, _, _) -> _ -> {};

  /**
   * Starts a stage of work.
   *
   * @param what a verb and its object: {@code "accumulating covariances"}
   * @param total how much there is to do; 0 when unknown
   * @param unit what is counted: {@code "sequences"}
   */
  Stage begin(String what, long total, String unit);

  /** One stage of work; closing it ends its report. */
  @FunctionalInterface
  interface Stage extends AutoCloseable {
    /** Records that {@code amount} more units are done. */
    void advance(long amount);

    @Override
    default void close() {}
  }
}
