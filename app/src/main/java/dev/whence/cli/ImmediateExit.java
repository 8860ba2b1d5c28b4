package dev.whence.cli;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/**
 * Ends the process at once, without the exit handlers of native libraries. {@link Runtime#halt}
 * skips Java's alone: libtorch's would take its data away from threads that still compute, which
 * then crash.
 */
final class ImmediateExit {
  private ImmediateExit() {}

  static void exit(int status) {
    try {
      Linker linker = Linker.nativeLinker();
      MethodHandle exit =
          linker.downcallHandle(
              linker.defaultLookup().find("_exit").orElseThrow(),
              FunctionDescriptor.ofVoid(ValueLayout.JAVA_INT));
      exit.invokeExact(status);
    } catch (Throwable e) { // a system without it
      Runtime.getRuntime().halt(status);
    }
  }
}
