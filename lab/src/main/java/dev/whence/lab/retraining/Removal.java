package dev.whence.lab.retraining;

import dev.whence.Progress;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.LongStream;

/** Trains without the examples that a ranking puts first: does the measurement fall? */
public final class Removal {
  private Removal() {}

  /**
   * The change of a measurement when some examples are left out.
   *
   * @param removed how many
   * @param change in nats, the mean over the seeds: negative when what was left out had helped
   */
  public record Point(int removed, double change) {}

  /**
   * Goes through a ranking.
   *
   * @param ranking examples, those to remove first in front
   * @param counts how many to remove, in turn
   * @param measurement which of the recipe's
   * @param whole the measurement without removal, the mean over the same seeds
   */
  public static List<Point> of(
      Recipe recipe,
      long[] ranking,
      int[] counts,
      int measurement,
      double whole,
      long[] seeds,
      Progress.Stage stage) {
    List<Point> points = new ArrayList<>();
    for (int count : counts) {
      Set<Long> removed = new HashSet<>();
      Arrays.stream(ranking).limit(count).forEach(removed::add);
      long[] rest =
          LongStream.range(0, recipe.size()).filter(place -> !removed.contains(place)).toArray();
      double sum = 0;
      for (long seed : seeds) {
        sum += recipe.measure(rest, seed)[measurement];
        stage.advance(1);
      }
      points.add(new Point(count, sum / seeds.length - whole));
    }
    return points;
  }
}
