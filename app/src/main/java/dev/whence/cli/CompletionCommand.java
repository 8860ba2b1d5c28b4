package dev.whence.cli;

import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.AutoComplete;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Prints what a shell needs to complete commands and options. */
@Command(
    name = "completion",
    description = "Print a script by which a shell completes commands and options.",
    footer = {
      "",
      "bash, zsh: source <(whence completion bash)",
      "fish:      whence completion fish | source"
    },
    mixinStandardHelpOptions = true)
final class CompletionCommand implements Callable<Integer> {
  /** The shells that are known. */
  enum Shell {
    BASH,
    ZSH,
    FISH
  }

  @Spec private CommandSpec spec = CommandSpec.create();

  @Parameters(paramLabel = "SHELL", description = "bash, zsh or fish.")
  private Shell shell = Shell.BASH;

  @Override
  public Integer call() {
    CommandLine root = spec.root().commandLine();
    System.out.print(
        shell == Shell.FISH ? fish(root) : AutoComplete.bash(root.getCommandName(), root));
    return 0;
  }

  /** A line for each command, and one for each of its options. */
  private static String fish(CommandLine root) {
    StringBuilder script = new StringBuilder("complete -c whence -f\n");
    root.getSubcommands()
        .forEach((name, command) -> {
          line(
              script, "__fish_use_subcommand", "-a " + name, description(command.getCommandSpec()));
          addOptions(script, name, command);
          command
              .getSubcommands()
              .forEach((below, inner) -> {
                String seen = "__fish_seen_subcommand_from " + name;
                line(script, seen, "-a " + below, description(inner.getCommandSpec()));
                addOptions(script, below, inner);
              });
        });
    return script.toString();
  }

  private static void addOptions(StringBuilder script, String name, CommandLine command) {
    for (OptionSpec option : command.getCommandSpec().options()) {
      if (option.longestName().startsWith("--")) {
        String argument = option.arity().max() > 0 ? " -r -F" : "";
        String text = option.description().length > 0 ? option.description()[0] : "";
        line(
            script,
            "__fish_seen_subcommand_from " + name,
            "-l " + option.longestName().substring(2) + argument,
            text);
      }
    }
  }

  private static String description(CommandSpec command) {
    String[] text = command.usageMessage().description();
    return text.length > 0 ? text[0] : "";
  }

  private static void line(StringBuilder script, String when, String what, String description) {
    String text = description.replaceFirst("\\. .*", "").replace("'", "\\'").replace("%%", "%");
    script.append(
        String.format(Locale.ROOT, "complete -c whence -n '%s' %s -d '%s'%n", when, what, text));
  }
}
