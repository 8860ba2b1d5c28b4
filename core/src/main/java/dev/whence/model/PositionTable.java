package dev.whence.model;

import dev.whence.tensor.Scope;
import dev.whence.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.IntFunction;

/**
 * A tensor that depends on nothing but how many positions there are: made when a sequence comes
 * that is longer than all before, and kept for those that follow. Any number of threads may ask for
 * it. Owns what it made.
 */
final class PositionTable implements AutoCloseable {
  /** No table is made for fewer positions. */
  private static final int LEAST = 64;

  private final IntFunction<Tensor> maker;
  private final List<Tensor> made = new ArrayList<>(); // forward passes may still use earlier ones
  private volatile Optional<Tensor> latest = Optional.empty();

  /**
   * A table that is not made yet.
   *
   * @param maker makes a table for the positions from 0 up to a number, [positions, ..]
   */
  PositionTable(IntFunction<Tensor> maker) {
    this.maker = maker;
  }

  /** The table for the first {@code positions}, [positions, ..]; the table keeps its memory. */
  Tensor first(int positions) {
    Tensor table = latest.filter(t -> t.size(0) >= positions).orElseGet(() -> grown(positions));
    return table.narrow(0, 0, positions);
  }

  private synchronized Tensor grown(int positions) {
    Optional<Tensor> other = latest.filter(t -> t.size(0) >= positions); // another thread's
    if (other.isPresent()) {
      return other.get();
    }
    try (Scope _ = Scope.open()) {
      Tensor table = maker.apply(powerOfTwo(positions)).keep();
      made.add(table);
      latest = Optional.of(table);
      return table;
    }
  }

  /** Sizes that double, so that lengths which grow little by little make few tables. */
  private static int powerOfTwo(int positions) {
    return Math.max(LEAST, 2 * Integer.highestOneBit(positions - 1));
  }

  @Override
  public synchronized void close() {
    latest = Optional.empty();
    made.forEach(Tensor::close);
    made.clear();
  }
}
