package dev.whence.cli;

import picocli.CommandLine.Option;

/** Whether GPUs may multiply with fewer digits than they are given. */
public final class Tf32Option {
  @Option(
      names = "--tf32",
      description =
          "Let a GPU multiply float32 matrices as TF32: faster, with three digits of each factor.")
  private boolean allowed;

  boolean isAllowed() {
    return allowed;
  }
}
