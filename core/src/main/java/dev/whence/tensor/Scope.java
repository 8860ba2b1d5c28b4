package dev.whence.tensor;

import java.util.function.Supplier;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerScope;

/**
 * Frees native memory at the end of a block: every tensor made inside belongs to the innermost open
 * scope of its thread, and is freed with it. Two methods let a tensor live on: {@link #result}
 * hands it to the scope outside, and {@link Tensor#keep} makes its caller the owner, who closes it.
 *
 * <p>Open one scope per batch: a loop without one piles its values up until the method ends.
 */
public final class Scope implements AutoCloseable {
  private final PointerScope pointers = new PointerScope();

  private Scope() {}

  /** Opens a scope on this thread; close it on the same thread, innermost first. */
  public static Scope open() {
    return new Scope();
  }

  /** Runs {@code work} in a scope of its own; its result alone leaves, for the scope outside. */
  public static Tensor result(Supplier<Tensor> work) {
    PointerScope outside = PointerScope.getInnerScope();
    try (Scope _ = open()) {
      Tensor result = work.get();
      if (outside == null) {
        result.keep();
      } else {
        outside.attach(result.raw);
      }
      return result;
    }
  }

  @Override
  public void close() {
    pointers.close();
  }

  /** How many native objects are alive in this process; for leak tests. */
  public static long liveNativeObjects() {
    return Pointer.totalCount();
  }
}
