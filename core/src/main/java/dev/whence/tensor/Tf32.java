package dev.whence.tensor;

import org.bytedeco.pytorch.Context;
import org.bytedeco.pytorch.global.torch;

/**
 * Lets a GPU multiply float32 matrices as TensorFloat-32, which keeps 10 of the 23 bits after the
 * point of each factor and sums in float32: several times as fast. It holds for the whole process,
 * until it is closed.
 */
public final class Tf32 implements AutoCloseable {
  private final boolean before;

  private Tf32(boolean before) {
    this.before = before;
  }

  /** Allows it, or forbids it. */
  public static Tf32 allow(boolean allowed) {
    return new Tf32(set(allowed));
  }

  /** Whether it is allowed now. */
  public static boolean isAllowed() {
    try (Scope _ = Scope.open()) {
      return torch.globalContext().allowTF32CuBLAS();
    }
  }

  private static boolean set(boolean allowed) {
    try (Scope _ = Scope.open()) {
      Context context = torch.globalContext();
      boolean before = context.allowTF32CuBLAS();
      context.setAllowTF32CuBLAS(allowed);
      return before;
    }
  }

  @Override
  public void close() {
    boolean _ = set(before);
  }
}
