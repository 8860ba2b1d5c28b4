package dev.whence.cli.search;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** The lexical filter by itself: indexes a corpus and searches it. */
@Command(
    name = "search",
    description = "Index a corpus and find the sequences that share words or tokens with a query.",
    subcommands = {SearchIndexCommand.class, SearchQueryCommand.class},
    footer = {
      "",
      "Example: whence search index --corpus train.jsonl.gz --model smollm-135m --out index"
    },
    mixinStandardHelpOptions = true)
public final class SearchCommand implements Runnable {
  @Spec private CommandSpec spec = CommandSpec.create();

  @Override
  public void run() {
    spec.commandLine().usage(System.out);
  }
}
