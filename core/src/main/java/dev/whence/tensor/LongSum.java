package dev.whence.tensor;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * A sum over a long corpus. What is added goes into a buffer of the working precision; at the end
 * of each chunk the buffer goes into a sum in float64, where it does not stagnate, and at the end
 * of each range of chunks that sum goes into the total. The total is therefore the same whether one
 * process goes through all ranges or several go through some each and are merged in order.
 */
public final class LongSum implements AutoCloseable {
  private static final String TOTAL = "total";
  private static final String RANGE = "range";

  private Optional<Tensor> chunk;
  private Optional<Tensor> range; // float64, where a range has several chunks
  private final Tensor total; // float64
  private boolean pending;
  private boolean rangeBegun;

  private LongSum(Tensor chunk, Optional<Tensor> range, Tensor total) {
    this.chunk = Optional.of(chunk);
    this.range = range;
    this.total = total;
  }

  /**
   * Starts at zero.
   *
   * @param type of what is added: float32 or float64
   * @param severalChunks whether ranges have more than one chunk
   */
  public static LongSum zero(DType type, Device device, boolean severalChunks, long... shape) {
    try (Scope _ = Scope.open()) {
      Tensor chunk = Tensors.zeros(type, device, shape);
      Optional<Tensor> range =
          severalChunks
              ? Optional.of(Tensors.zeros(DType.FLOAT64, device, shape))
              : Optional.empty();
      Tensor total = Tensors.zeros(DType.FLOAT64, device, shape);
      return new LongSum(chunk.keep(), range.map(Tensor::keep), total.keep());
    }
  }

  /** Bytes of one number while it is summed up. */
  public static long bytes(DType type, boolean severalChunks) {
    return type.bytes() + (severalChunks ? 2L : 1L) * DType.FLOAT64.bytes();
  }

  /** The buffer to add to, in place. */
  public Tensor chunk() {
    pending = true;
    return chunk.orElseThrow(() -> new IllegalStateException("the sum is complete"));
  }

  /**
   * Ends a chunk.
   *
   * @param endsRange whether it is the last of its range
   */
  public void endChunk(boolean endsRange) {
    Tensor buffer = chunk.orElseThrow(() -> new IllegalStateException("the sum is complete"));
    try (Scope _ = Scope.open()) {
      if (endsRange && !rangeBegun) {
        total.plusInPlace(buffer);
      } else {
        Tensor sum =
            range.orElseThrow(() -> new IllegalStateException("ranges were to have one chunk"));
        sum.plusInPlace(buffer);
        if (endsRange) {
          total.plusInPlace(sum);
          sum.fillInPlace(0);
        }
      }
      buffer.fillInPlace(0);
    }
    rangeBegun = !endsRange;
    pending = false;
  }

  /** Adds the total of the next range, which another device or process summed up. */
  public void merge(LongSum next) {
    try (Scope _ = Scope.open()) {
      total.plusInPlace(next.total().to(total.device()));
    }
  }

  /**
   * All that was added, in float64; the sum owns it.
   *
   * @throws IllegalStateException within a range, whose chunks go into the total together
   */
  public Tensor total() {
    if (rangeBegun) {
      throw new IllegalStateException("the range goes on");
    }
    if (pending) {
      endChunk(true);
    }
    return total;
  }

  /** What was added, in the parts in which it is at the time: a look that changes nothing. */
  public Stream<Tensor> parts() {
    return Stream.of(chunk, range, Optional.of(total)).flatMap(Optional::stream);
  }

  /** Gives up the buffers, when nothing more is to be added. */
  public void complete() {
    Tensor _ = total();
    chunk.ifPresent(Tensor::close);
    range.ifPresent(Tensor::close);
    chunk = Optional.empty();
    range = Optional.empty();
  }

  /** What a checkpoint at a chunk's end saves and restores, by name. */
  public Map<String, Tensor> tensors() {
    Map<String, Tensor> tensors = new LinkedHashMap<>();
    tensors.put(TOTAL, total);
    range.ifPresent(sum -> tensors.put(RANGE, sum));
    return tensors;
  }

  /**
   * Takes note that {@link #tensors} were restored.
   *
   * @param inRange whether the checkpoint was saved within a range
   */
  public void restored(boolean inRange) {
    try (Scope _ = Scope.open()) {
      chunk.ifPresent(buffer -> buffer.fillInPlace(0));
    }
    pending = false;
    rangeBegun = inRange;
  }

  @Override
  public void close() {
    chunk.ifPresent(Tensor::close);
    range.ifPresent(Tensor::close);
    total.close();
  }
}
