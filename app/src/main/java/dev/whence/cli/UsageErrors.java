package dev.whence.cli;

import java.util.Comparator;
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
    Optional<String> likely =
        (word.startsWith("-")
                ? line.getCommandSpec().options().stream().map(OptionSpec::longestName)
                : line.getSubcommands().keySet().stream())
            .filter(known -> distance(plain, known) <= Math.max(1, known.length() / 3))
            .min(Comparator.comparingInt(known -> distance(plain, known)));
    String name = line.getCommandSpec().qualifiedName();
    return "'%s' is no %s of '%s'%s"
        .formatted(
            plain, kind, name, likely.map(known -> "; did you mean " + known + "?").orElse(""));
  }

  /** How many letters are wrong, missing, too many or swapped with their neighbour. */
  private static int distance(String a, String b) {
    int[][] d = new int[a.length() + 1][b.length() + 1];
    for (int i = 0; i <= a.length(); i++) {
      for (int j = 0; j <= b.length(); j++) {
        if (i == 0 || j == 0) {
          d[i][j] = i + j;
          continue;
        }
        int change = a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1;
        d[i][j] = Math.min(d[i - 1][j - 1] + change, Math.min(d[i - 1][j], d[i][j - 1]) + 1);
        if (i > 1
            && j > 1
            && a.charAt(i - 1) == b.charAt(j - 2)
            && a.charAt(i - 2) == b.charAt(j - 1)) {
          d[i][j] = Math.min(d[i][j], d[i - 2][j - 2] + 1);
        }
      }
    }
    return d[a.length()][b.length()];
  }

  private static String name(ArgSpec missing) {
    return missing instanceof OptionSpec option
        ? option.longestName() + " " + option.paramLabel()
        : missing.paramLabel();
  }
}
