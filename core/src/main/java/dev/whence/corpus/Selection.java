package dev.whence.corpus;

/**
 * Some of a corpus's sequences, spread evenly from the first to the last, so that a sorted corpus
 * is represented.
 *
 * @param size of the corpus
 * @param count how many are selected
 */
public record Selection(long size, long count) {

  /** Every sequence. */
  public static Selection all(long size) {
    return new Selection(size, size);
  }

  /** {@code count} of them; all when it is 0 or more than there are. */
  public static Selection spread(long size, long count) {
    return new Selection(size, count == 0 ? size : Math.min(count, size));
  }

  /** The sequence at a place of the selection. */
  public long at(long place) {
    return count == size ? place : Math.multiplyExact(place, size) / count;
  }
}
