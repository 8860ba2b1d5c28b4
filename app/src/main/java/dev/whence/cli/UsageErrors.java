package dev.whence.cli;

import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import picocli.CommandLine;
import picocli.CommandLine.MissingParameterException;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/** Says what is wrong with a command line, and what was probably meant. */
final class UsageErrors {
  /** How picocli says that an unknown option stands where a value belongs. */
  private static final Pattern UNKNOWN = Pattern.compile("^Unknown option: '([^']+)'");

  private UsageErrors() {}

  /**
   * One sentence. What is misspelt comes first: it is often the very thing that seems to be
   * missing.
   */
  static String sentence(ParameterException error) {
    CommandLine line = error.getCommandLine();
    List<String> unknown =
        error instanceof UnmatchedArgumentException unmatched
            ? unmatched.getUnmatched()
            : line.getUnmatchedArguments();
    Matcher inPlaceOfAValue = UNKNOWN.matcher(String.valueOf(error.getMessage()));
    Optional<String> option =
        inPlaceOfAValue.find()
            ? Optional.of(inPlaceOfAValue.group(1))
            : unknown.stream().filter(word -> word.startsWith("-")).findFirst();
    if (option.isPresent()) {
      return unknown(line, option.get(), "option");
    }
    if (error instanceof MissingParameterException missing && !missing.getMissing().isEmpty()) {
      return "give "
          + missing.getMissing().stream().map(UsageErrors::name).collect(Collectors.joining(", "));
    }
    if (!unknown.isEmpty()) {
      boolean command = !line.getSubcommands().isEmpty();
      return unknown(line, unknown.getFirst(), command ? "command" : "argument");
    }
    return String.valueOf(error.getMessage());
  }

  private static String unknown(CommandLine line, String word, String kind) {
    String plain = word.replaceFirst("=.*", "");
    List<String> likely = new UnmatchedArgumentException(line, List.of(plain)).getSuggestions();
    String name = line.getCommandSpec().qualifiedName();
    return "'%s' is no %s of '%s'%s"
        .formatted(
            plain, kind, name, likely.isEmpty() ? "" : "; did you mean " + likely.getFirst() + "?");
  }

  private static String name(ArgSpec missing) {
    return missing instanceof OptionSpec option
        ? option.longestName() + " " + option.paramLabel()
        : missing.paramLabel();
  }
}
