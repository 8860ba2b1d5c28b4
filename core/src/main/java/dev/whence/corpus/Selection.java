package dev.whence.corpus;

import java.util.Objects;

/** Some of a corpus's sequences, in the order of the corpus. */
public sealed interface Selection {

  /** How many sequences are selected. */
  long count();

  /**
   * The sequence at a place of the selection.
   *
   * @param place 0..count-1
   */
  long at(long place);

  /** Every sequence. */
  static Selection all(long size) {
    return new Spread(size, size);
  }

  /** {@code count} of them, spread evenly; all when it is 0 or more than there are. */
  static Selection spread(long size, long count) {
    return new Spread(size, count == 0 ? size : Math.min(count, size));
  }

  /**
   * These sequences.
   *
   * @param ascending their places in the corpus, each once
   * @throws IllegalArgumentException if they do not ascend from 0 or more
   */
  static Selection of(long... ascending) {
    return new Places(ascending);
  }

  /**
   * Sequences spread evenly from the first to the last, so that a sorted corpus is represented.
   *
   * @param size of the corpus
   * @param count how many are selected
   */
  record Spread(long size, long count) implements Selection {
    @Override
    public long at(long place) {
      return count == size ? place : Math.multiplyExact(place, size) / count;
    }
  }

  /**
   * Chosen sequences.
   *
   * @param ascending their places in the corpus
   */
  record Places(long[] ascending) implements Selection {
    public Places {
      ascending = ascending.clone();
      for (int i = 0; i < ascending.length; i++) {
        if (ascending[i] < 0 || (i > 0 && ascending[i] <= ascending[i - 1])) {
          throw new IllegalArgumentException(
              "place %d of a selection is %d, which does not ascend".formatted(i, ascending[i]));
        }
      }
    }

    @Override
    public long count() {
      return ascending.length;
    }

    @Override
    public long at(long place) {
      return ascending[Math.toIntExact(Objects.checkIndex(place, count()))];
    }
  }
}
