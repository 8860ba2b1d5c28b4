package dev.whence.tensor;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.Optional;

/** The memory that the C library keeps for tensors to come. */
public final class NativeMemory {
  private static final Optional<MethodHandle> TRIM =
      Linker.nativeLinker()
          .defaultLookup()
          .find("malloc_trim")
          .map(address ->
              Linker.nativeLinker()
                  .downcallHandle(
                      address, FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_LONG)));

  private NativeMemory() {}

  /**
   * Gives back what is free. Freed buffers are kept, so that the next batch need not pay for fresh
   * pages (docs/decisions/0008); between steps that need other sizes, what is kept only fills the
   * memory. Does nothing where the C library is not glibc.
   */
  public static void giveBack() {
    if (TRIM.isEmpty()) {
      return;
    }
    try {
      int _ = (int) TRIM.get().invokeExact(0L);
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new IllegalStateException(e); // a function of C throws nothing
    }
  }
}
