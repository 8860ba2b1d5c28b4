package dev.whence.tensor;

import java.util.List;
import java.util.function.Function;
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
    return results(work, List::of);
  }

  /**
   * Runs {@code work} in a scope of its own; some tensors of its result leave, for the scope
   * outside.
   *
   * @param tensors of a result that leave, each once
   */
  public static <T> T results(Supplier<T> work, Function<T, List<Tensor>> tensors) {
    PointerScope outside = PointerScope.getInnerScope();
    try (Scope _ = open()) {
      T result = work.get();
      for (Tensor tensor : tensors.apply(result)) {
        if (outside == null) {
          tensor.keep();
        } else {
          outside.attach(tensor.raw);
        }
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
