package dev.whence.web;

import io.javalin.http.Context;
import java.util.Optional;

/**
 * What a request asks for, within limits; what is missing or out of bounds takes its usual value.
 */
record Parameters(Context context) {
  /** The longest text that is read, in chars; the rest of a longer one is ignored. */
  static final int LONGEST = 20_000;

  /** A text; empty when it is not there. */
  String text(String name) {
    String value = context.queryParam(name);
    return value == null ? "" : value.length() > LONGEST ? value.substring(0, LONGEST) : value;
  }

  /** A text that is there and not blank. */
  Optional<String> given(String name) {
    String value = text(name);
    return value.isBlank() ? Optional.empty() : Optional.of(value);
  }

  /** A number from {@code least} to {@code most}. */
  int number(String name, int usual, int least, int most) {
    try {
      return Math.clamp(Long.parseLong(text(name).strip()), least, most);
    } catch (NumberFormatException _) {
      return usual;
    }
  }

  /** Whether a box is ticked. */
  boolean ticked(String name) {
    return !text(name).isEmpty();
  }
}
