package dev.whence.web;

import java.util.Arrays;
import java.util.Locale;

/** Numbers and names as pages show them. */
public final class Show {
  private Show() {}

  /** {@code +12.34} or {@code +163,402}, in nats. */
  public static String influence(double nats) {
    return String.format(Locale.ROOT, Math.abs(nats) >= 1000 ? "%+,.0f" : "%+.4g", nats);
  }

  /** {@code +1.4}, what one more copy changes, of which no more than two digits are known. */
  public static String perCopy(double nats) {
    double size = Math.abs(nats);
    if (nats == 0 || size < 1e-6) {
      return "0";
    }
    if (size >= 10) {
      return String.format(Locale.ROOT, "%+,.0f", nats);
    }
    int digits = Math.max(1, 1 - (int) Math.floor(Math.log10(size)));
    return String.format(Locale.ROOT, "%+." + digits + "f", nats);
  }

  /**
   * What one more copy of a sequence would change, as a sentence.
   *
   * @param through what it passes through, between commas; may be empty
   * @param nats the change of the completion's log-probability
   */
  static String oneMoreCopy(String sequence, String through, double nats) {
    String size = perCopy(Math.abs(nats)).replaceFirst("^\\+", "");
    if (size.equals("0")) {
      return "One more copy of %s in training would%s hardly change this answer."
          .formatted(sequence, through);
    }
    return "One more copy of %s in training would%s make this answer about %s nats %s likely."
        .formatted(sequence, through, size, nats < 0 ? "less" : "more");
  }

  /** A token without the space around it, or what it is if it is nothing else. */
  static String token(String token) {
    String plain = token.strip();
    return plain.isEmpty() ? (token.contains("\n") ? "new line" : "space") : plain;
  }

  /** {@code 3.4}, of a quantity without a sign. */
  public static String number(double value) {
    return String.format(Locale.ROOT, Math.abs(value) >= 999.5 ? "%,.0f" : "%.3g", value);
  }

  /** {@code 12.3%}. */
  public static String percent(double share) {
    double value = 100 * share;
    return String.format(Locale.ROOT, Math.abs(value) < 10 ? "%.2g%%" : "%.0f%%", value);
  }

  /** {@code 117,791}. */
  public static String count(long count) {
    return String.format(Locale.ROOT, "%,d", count);
  }

  /** {@code 0.85}, with two decimals. */
  static String decimal(double value) {
    return String.format(Locale.ROOT, "%.2f", value);
  }

  /** A text cut to a length, with an ellipsis. */
  public static String shortened(String text, int length) {
    if (text.codePointCount(0, text.length()) <= length) {
      return text;
    }
    return text.substring(0, text.offsetByCodePoints(0, length)) + "…";
  }

  /** {@code model.layers.2.mlp.up_proj} as {@code 2.mlp.up_proj}. */
  public static String layer(String name) {
    String block = block(name);
    return block.isEmpty() ? name : name.substring(name.indexOf("." + block + ".") + 1);
  }

  /**
   * The number of the block that a layer is in: {@code 2} for {@code model.layers.2.mlp.up_proj}.
   */
  static String block(String layer) {
    return Arrays.stream(layer.split("\\."))
        .filter(part -> part.matches("\\d+"))
        .findFirst()
        .orElse("");
  }
}
