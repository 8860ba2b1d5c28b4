package dev.whence.web;

import java.util.Optional;
import java.util.stream.DoubleStream;

/**
 * An influence as a list shows it: a figure, a bar beside the others', and the rest when it is
 * pointed at.
 *
 * @param shown with its unit
 * @param tip the value as it was computed, and its share
 * @param bar how long the bar is, in percent
 * @param raises whether it makes the completion more likely
 */
public record Strength(String shown, String tip, String bar, boolean raises) {

  /**
   * What influences are measured against.
   *
   * @param trainingSequences by which the effect of one more copy is told; empty where it is not
   *     known
   * @param largest the influence whose bar is the longest
   */
  record Measure(Optional<Long> trainingSequences, double largest) {
    /** One by which the strongest of these influences has the longest bar. */
    static Measure of(Optional<Long> trainingSequences, DoubleStream influences) {
      return new Measure(trainingSequences, influences.map(Math::abs).max().orElse(0));
    }

    /** What the figures are, for the head of a list. */
    String unit() {
      return trainingSequences.isPresent()
          ? "change of log p for one more copy, nats"
          : "influence, nats per unit of weight";
    }

    /**
     * @param share of the influence of its sign; empty text where that is not known
     * @param estimated whether the influence is an estimate
     */
    Strength of(double influence, String share, boolean estimated) {
      String about = estimated ? "≈ " : "";
      String raw = about + Show.influence(influence) + " nats per unit of weight";
      double length = largest > 0 ? 100 * Math.min(1, Math.abs(influence) / largest) : 0;
      return new Strength(
          about
              + trainingSequences
                  .map(n -> Show.perCopy(influence / n) + " nats")
                  .orElseGet(() -> Show.influence(influence)),
          share.isEmpty() ? raw : raw + ", " + share + " of its sign",
          Show.decimal(length),
          influence > 0);
    }
  }
}
