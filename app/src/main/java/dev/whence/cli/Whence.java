package dev.whence.cli;

import dev.whence.InvalidInputException;
import dev.whence.cli.evaluate.EvaluateCommand;
import dev.whence.cli.index.IndexCommand;
import dev.whence.cli.search.SearchCommand;
import dev.whence.folder.AtomicFile;
import dev.whence.tensor.NativeErrors;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;

/** Where the program starts: finds the command, and turns what goes wrong into one sentence. */
@Command(
    name = "whence",
    description = "Which training sequences made the model say that?",
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {
      QuickstartCommand.class,
      FitCommand.class,
      AttributeCommand.class,
      PlanCommand.class,
      TopCommand.class,
      SequenceCommand.class,
      ExploreCommand.class,
      ReportCommand.class,
      IndexCommand.class,
      SearchCommand.class,
      InspectCommand.class,
      DoctorCommand.class,
      TrainCommand.class,
      EvaluateCommand.class,
      DictionaryCommand.class,
      CompletionCommand.class,
      CommandLine.HelpCommand.class
    })
public final class Whence implements Runnable {
  private static final int BAD_INPUT = 2;
  private static final int FAILURE = 1;
  private static final int INTERRUPTED = 130;

  @Option(
      names = "--stacktrace",
      scope = ScopeType.INHERIT,
      description = "Show where in the program an error arose.")
  private boolean stacktrace;

  @Option(
      names = "--progress",
      paramLabel = "FORM",
      scope = ScopeType.INHERIT,
      description =
          "text, or json: a line on standard error each second, with stage, done, total, rate and"
              + " seconds_left.")
  void setProgress(ConsoleProgress.Audience audience) {
    ConsoleProgress.setAudience(audience);
  }

  public static void main(String[] arguments) {
    // On a signal; files are whole at any moment, so stopping at once is safe.
    Thread stop = new Thread(() -> ImmediateExit.exit(INTERRUPTED));
    Runtime.getRuntime().addShutdownHook(stop);
    int code = FAILURE;
    NativeCache.choose(System.getenv());
    try {
      code = run(arguments);
    } catch (Throwable e) {
      System.err.println("whence: " + sentence(e));
    }
    Runtime.getRuntime().removeShutdownHook(stop);
    System.exit(code);
  }

  /**
   * Runs a command line in this process and returns its exit code: 0, 1 for a failure, 2 for bad
   * input.
   */
  public static int run(String... arguments) {
    ConsoleProgress.setAudience(ConsoleProgress.Audience.TEXT);
    Whence whence = new Whence();
    CommandLine line =
        new CommandLine(whence)
            .setCaseInsensitiveEnumValuesAllowed(true)
            .setUsageHelpAutoWidth(true)
            .setUnmatchedOptionsAllowedAsOptionParameters(false) // a misspelt option is no file
            .setParameterExceptionHandler(Whence::explainUsage)
            .setExecutionExceptionHandler((error, failed, _) -> whence.explain(error, failed));
    // A prompt or completion may begin with a dash.
    Stream.of(line)
        .flatMap(root -> root.getSubcommands().values().stream())
        .flatMap(command -> command.getSubcommands().values().stream())
        .filter(below -> below.getCommandSpec().findOption("--completion") != null)
        .forEach(below -> below.setUnmatchedOptionsAllowedAsOptionParameters(true));
    return line.execute(arguments);
  }

  @Override
  public void run() {
    System.out.println(
        """
        Whence says which training sequences made a language model say something.
        Give it a Hugging Face checkpoint, a corpus and a question: it computes the influence of
        every training sequence on the answer, by EK-FAC influence functions, exactly or in
        seconds by an index, down to single words. Where to go:

          whence quickstart              see it work on a small model and a dictionary
          whence plan MODEL --corpus F   what your own model would take: time, memory, disk
          whence --help                  all commands; each has --help of its own\
        """);
  }

  private static int explainUsage(CommandLine.ParameterException error, String... arguments) {
    PrintWriter out = error.getCommandLine().getErr();
    out.println("whence: " + Shading.printable(UsageErrors.sentence(error)));
    out.println("Try '" + error.getCommandLine().getCommandSpec().qualifiedName() + " --help'.");
    return BAD_INPUT;
  }

  private int explain(Exception error, CommandLine line) {
    PrintWriter out = line.getErr();
    if (stacktrace) {
      error.printStackTrace(out);
    }
    out.println("whence: " + sentence(error));
    if (!stacktrace && isUnexpected(error)) {
      out.println("This may be a bug: run again with --stacktrace to see where it arose.");
    }
    return error instanceof InvalidInputException ? BAD_INPUT : FAILURE;
  }

  private static boolean isUnexpected(Throwable error) {
    return !(error instanceof InvalidInputException
        || error instanceof UncheckedIOException
        || error instanceof IOException
        || NativeErrors.isOutOfMemory(error));
  }

  /** What went wrong, without characters that could steer a terminal: messages quote files. */
  private static String sentence(Throwable error) {
    if (NativeErrors.isOutOfMemory(error)) {
      return "out of memory; lower --batch-tokens, or track fewer layers";
    }
    for (Throwable cause = error; cause != null; cause = cause.getCause()) {
      if (cause instanceof UnsatisfiedLinkError) {
        return "a native library cannot be loaded (%s); if it cannot be unpacked, set WHENCE_CACHE to a folder that can be written"
            .formatted(Shading.printable(NativeErrors.firstLine(cause)));
      }
    }
    String message =
        error instanceof InvalidInputException || error instanceof UncheckedIOException
            ? String.valueOf(error.getMessage())
            : error instanceof FileSystemException io && io.getFile() != null
                ? String.valueOf(
                    AtomicFile.failed("access", Path.of(io.getFile()), io).getMessage())
                : NativeErrors.firstLine(error);
    return message.lines().map(Shading::printable).collect(Collectors.joining("\n"));
  }
}
