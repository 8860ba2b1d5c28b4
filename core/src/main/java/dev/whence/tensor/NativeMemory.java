package dev.whence.tensor;

import java.io.IOException;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
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

  private static final Path STATUS = Path.of("/proc/self/statm");

  private NativeMemory() {}

  /**
   * Keeps a long job's memory flat. Buffers of ever other sizes leave holes that the next one does
   * not fit; when what is kept has grown by a quarter since the first batch, it is given back.
   * Batches of one size never come to that.
   */
  public static final class Watch {
    private static final double GROWTH = 1.25;

    private long first; // resident pages after a batch that began with nothing kept

    /** To be called after each batch. */
    public void batchDone() {
      long now = residentPages();
      if (first == 0) {
        first = now;
      } else if (now > GROWTH * first) {
        giveBack();
        first = 0;
      }
    }
  }

  /** Pages that are in memory; 0 where the system does not tell. */
  private static long residentPages() {
    try {
      return Files.exists(STATUS) ? Long.parseLong(Files.readString(STATUS).split(" ")[1]) : 0;
    } catch (IOException e) {
      return 0; // only a hint is lost
    }
  }

  /**
   * Gives back what is free. Freed buffers are kept, so that the next batch need not pay for fresh
   * pages (docs/decisions/0008); between steps that need other sizes, what is kept only fills the
   * memory. The C library's part is left where that is not glibc.
   */
  public static void giveBack() {
    DeviceMemory.giveBack();
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
