package dev.whence.lab.evaluation;

import java.util.Comparator;
import java.util.stream.IntStream;

/** Orders examples by their scores. */
public final class Ranking {
  private Ranking() {}

  /** The places of all scores, the largest first; equal scores stay in their order. */
  public static long[] of(double... scores) {
    return IntStream.range(0, scores.length)
        .boxed()
        .sorted(Comparator.comparingDouble(place -> -scores[place]))
        .mapToLong(place -> place)
        .toArray();
  }
}
