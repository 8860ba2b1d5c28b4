package dev.whence.cli;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.regex.Pattern;

/** Quantities as a person says them. */
public final class Words {
  private static final double DAYS_IN_A_YEAR = 365.25;
  private static final long DAYS_THAT_ARE_COUNTED = 730;

  private static final Pattern PLAIN = Pattern.compile("[\\w./~+:@%=,-]+");

  private Words() {}

  /**
   * A path as a shell takes it: in quotes where it has spaces or what else a shell would act on.
   */
  public static String quoted(Path path) {
    return quoted(path.toString());
  }

  /** A word of a command line as a shell takes it. */
  public static String quoted(String text) {
    return PLAIN.matcher(text).matches() ? text : "'" + text.replace("'", "'\\''") + "'";
  }

  /** {@code 12.3 s}, {@code 4 min 5 s}, {@code 3 h 20 min}, {@code 12 days}, {@code 40 years}. */
  static String time(double seconds) {
    Duration d = Duration.ofMillis((long) (seconds * 1000));
    if (d.toDays() > DAYS_THAT_ARE_COUNTED) {
      return String.format(Locale.ROOT, "%,.0f years", d.toDays() / DAYS_IN_A_YEAR);
    }
    if (d.toDays() > 1) {
      return d.toDays() + " days";
    }
    if (d.toHours() > 0) {
      return d.toHours() + " h " + d.toMinutesPart() + " min";
    }
    return d.toMinutes() > 0
        ? d.toMinutes() + " min " + d.toSecondsPart() + " s"
        : String.format(Locale.ROOT, "%.1f s", seconds);
  }

  /** {@code 640 MiB}, {@code 1.5 GiB}, {@code 12 TiB}. */
  static String bytes(double bytes) {
    String[] units = {"KiB", "MiB", "GiB", "TiB", "PiB"};
    double value = bytes / 1024;
    int unit = 0;
    while (value >= 1024 && unit < units.length - 1) {
      value /= 1024;
      unit++;
    }
    return String.format(Locale.ROOT, value < 10 ? "%.1f %s" : "%,.0f %s", value, units[unit]);
  }

  /**
   * A count and what is counted: {@code 1 query}, {@code 117,791 sequences}.
   *
   * @param nouns a regular plural
   */
  static String counted(long count, String nouns) {
    return String.format(Locale.ROOT, "%,d %s", count, count == 1 ? singular(nouns) : nouns);
  }

  private static String singular(String nouns) {
    return nouns.replaceFirst("ies$", "y").replaceFirst("ches$", "ch").replaceFirst("s$", "");
  }

  /** A count, in digits: {@code 117,791}. */
  static String count(double count) {
    return String.format(Locale.ROOT, "%,.0f", count);
  }
}
