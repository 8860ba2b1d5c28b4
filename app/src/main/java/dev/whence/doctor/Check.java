package dev.whence.doctor;

import java.util.Locale;

/**
 * The outcome of an examination.
 *
 * @param finding the number behind the verdict, in words
 */
public record Check(boolean passed, String finding) {

  /** Passes when an error is within what rounding explains; a value that is not a number fails. */
  static Check within(double error, double tolerance) {
    return new Check(
        error <= tolerance,
        String.format(Locale.ROOT, "error %.1e, allowed %.0e", error, tolerance));
  }
}
