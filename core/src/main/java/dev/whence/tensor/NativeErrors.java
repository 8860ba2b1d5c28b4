package dev.whence.tensor;

/** What libtorch says when it throws, without its C++ backtrace. */
public final class NativeErrors {
  private NativeErrors() {}

  /** The first line of an error's message: libtorch puts the cause there and a backtrace below. */
  public static String firstLine(Throwable error) {
    String message = error.getMessage();
    return message == null
        ? error.getClass().getSimpleName()
        : message.lines().findFirst().orElse("").strip();
  }

  /** Whether libtorch could not get the memory that it asked for. */
  public static boolean isOutOfMemory(Throwable error) {
    String message = String.valueOf(error.getMessage());
    return error instanceof OutOfMemoryError
        || message.contains("can't allocate memory")
        || message.contains("out of memory")
        || message.contains("bad_alloc")
        || message.contains("ALLOC_FAILED"); // cuBLAS and cuSOLVER
  }
}
