package dev.whence.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.assertj.core.data.Percentage;

/**
 * Compares a command's output with what a page shows of it. Dates, errors of rounding and which
 * tokens are marked are not compared, other numbers may differ by 2%, and a line of three dots
 * stands for any lines.
 */
final class ShownOutput {
  private static final Pattern VARIES =
      Pattern.compile("\\d{4}-\\d\\d-\\d\\dT[\\d:.]+Z|\\d\\.\\de[+-]\\d\\d|\\[[+-] ?|[+-]\\]");
  private static final Pattern NUMBER = Pattern.compile("[+-]?\\d[\\d,]*(\\.\\d+)?");
  private static final Percentage TOLERANCE = Percentage.withPercentage(2);

  private ShownOutput() {}

  static void assertAlike(String actual, String shown) {
    List<String> printed = new ArrayList<>(actual.strip().lines().toList());
    boolean skipping = false;
    for (String line : shown.strip().lines().toList()) {
      if (line.strip().equals("...")) {
        skipping = true;
        continue;
      }
      while (skipping && !printed.isEmpty() && !words(printed.getFirst()).equals(words(line))) {
        printed.removeFirst();
      }
      skipping = false;
      assertThat(printed).as("the page goes on with: %s", line).isNotEmpty();
      assertLineAlike(printed.removeFirst(), line);
    }
    assertThat(skipping || printed.isEmpty()).as("more is printed: %s", printed).isTrue();
  }

  private static void assertLineAlike(String actual, String shown) {
    assertThat(words(actual)).isEqualTo(words(shown));
    Matcher expected = NUMBER.matcher(constant(shown));
    Matcher number = NUMBER.matcher(constant(actual));
    while (expected.find() && number.find()) {
      assertThat(value(number)).as(actual).isCloseTo(value(expected), TOLERANCE);
    }
  }

  private static double value(Matcher number) {
    return Double.parseDouble(number.group().replace(",", ""));
  }

  /** Without numbers, and without the spaces that align them. */
  private static String words(String line) {
    return NUMBER.matcher(constant(line)).replaceAll("#").replaceAll("\\s+", " ").strip();
  }

  private static String constant(String line) {
    return VARIES.matcher(line).replaceAll("");
  }
}
