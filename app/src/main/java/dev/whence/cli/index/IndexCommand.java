package dev.whence.cli.index;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** Kept gradients, by which questions are answered in seconds. */
@Command(
    name = "index",
    description = "Keep a corpus's gradients, small, and answer any question from them in seconds.",
    subcommands = {IndexBuildCommand.class, IndexAddCommand.class, IndexQueryCommand.class},
    footer = {"", "Example: whence index build run --corpus train.jsonl.gz --out index"},
    mixinStandardHelpOptions = true)
public final class IndexCommand implements Runnable {
  @Spec private CommandSpec spec = CommandSpec.create();

  @Override
  public void run() {
    spec.commandLine().usage(System.out);
  }
}
