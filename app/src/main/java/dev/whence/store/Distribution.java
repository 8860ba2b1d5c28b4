package dev.whence.store;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * How a query's positive influences are distributed over the sequences.
 *
 * @param sequences how many were scored
 * @param positive how many of them raise the completion's probability
 * @param total of the positive influences, in nats
 * @param tail the largest influences, strongest first, thinned evenly on a log scale of ranks
 * @param law the power law of the strongest, when there are enough
 * @param shares what part of the total the strongest sequences hold
 */
public record Distribution(
    long sequences,
    long positive,
    double total,
    List<Point> tail,
    Optional<PowerLaw> law,
    List<Share> shares) {
  private static final int POINTS = 120;

  /** The fewest sequences that a power law is fitted to. */
  private static final int LEAST_IN_TAIL = 20;

  /** The paper fits its power laws to the tail of the 500 most influential sequences. */
  private static final int MOST_IN_TAIL = 500;

  /**
   * A sequence of the tail.
   *
   * @param rank from 1
   * @param influence in nats
   */
  public record Point(long rank, double influence) {}

  /**
   * {@code P(influence >= x) = (x / least)^-exponent} for the strongest sequences.
   *
   * @param exponent by maximum likelihood (Hill's estimator)
   * @param least the smallest influence that it was fitted to
   * @param sequences how many it was fitted to
   */
  public record PowerLaw(double exponent, double least, int sequences) {}

  /**
   * The share of the total that the strongest sequences hold together.
   *
   * @param sequences how many they are
   * @param ofSequences their part of all that were scored
   * @param ofInfluence their part of the positive influence
   */
  public record Share(long sequences, double ofSequences, double ofInfluence) {}

  /** Computes the distribution of all sequences' influences on a query, in any order. */
  public static Distribution of(double[] influences) {
    double[] sorted = Arrays.stream(influences).filter(x -> x > 0).sorted().toArray();
    int n = sorted.length;
    double[] sums = new double[n]; // of the i + 1 strongest
    double sum = 0;
    for (int i = 0; i < n; i++) {
      sum += sorted[n - 1 - i];
      sums[i] = sum;
    }
    double total = sum;
    int[] ranks = ranks(n);
    return new Distribution(
        influences.length,
        n,
        total,
        Arrays.stream(ranks).mapToObj(r -> new Point(r, sorted[n - r])).toList(),
        law(sorted),
        Arrays.stream(ranks)
            .mapToObj(r -> new Share(r, (double) r / influences.length, sums[r - 1] / total))
            .toList());
  }

  /** Ranks from 1 to n, evenly spaced on a log scale, without repeats. */
  private static int[] ranks(int n) {
    return n == 0
        ? new int[0]
        : IntStream.rangeClosed(0, POINTS)
            .map(i -> (int) Math.round(Math.pow(n, (double) i / POINTS)))
            .distinct()
            .toArray();
  }

  private static Optional<PowerLaw> law(double[] ascending) {
    int n = ascending.length;
    int tail = Math.min(MOST_IN_TAIL, n / 10);
    if (tail < LEAST_IN_TAIL) {
      return Optional.empty();
    }
    double least = ascending[n - tail];
    double logs = 0;
    for (int i = n - tail; i < n; i++) {
      logs += Math.log(ascending[i] / least);
    }
    return logs > 0 ? Optional.of(new PowerLaw(tail / logs, least, tail)) : Optional.empty();
  }
}
