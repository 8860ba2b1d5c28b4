package dev.whence.web;

import dev.whence.results.ResultsFolder.TokenInfluence;
import java.util.List;

/**
 * How influences become shades.
 *
 * @param largest the influence with the strongest shade, without its sign
 * @param root whether shades grow with its square root, so that on a scale for many sequences the
 *     weaker ones keep some
 */
record Shades(double largest, boolean root) {
  /** Shades of each sign. */
  static final int LEVELS = 9;

  /** Square roots lift all values: what has less than a thirtieth of the largest gets no shade. */
  private static final int FAINTEST_ROOT = 2;

  /** A scale for these tokens alone. */
  static Shades ofOwn(List<TokenInfluence> tokens) {
    return new Shades(largest(tokens), false);
  }

  static double largest(List<TokenInfluence> tokens) {
    return tokens.stream().mapToDouble(t -> Math.abs(t.influence())).max().orElse(0);
  }

  /** The style of a value: {@code r1} to {@code r9}, {@code l1} to {@code l9}, or empty. */
  String of(double value) {
    double share = largest > 0 ? Math.min(1, Math.abs(value) / largest) : 0;
    long level = Math.round(LEVELS * (root ? Math.sqrt(share) : share));
    return level < (root ? FAINTEST_ROOT : 1) ? "" : (value > 0 ? "r" : "l") + level;
  }
}
