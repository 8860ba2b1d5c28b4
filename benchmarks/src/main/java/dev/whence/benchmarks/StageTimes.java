package dev.whence.benchmarks;

import dev.whence.Progress;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;

/**
 * Times the stages that a run reports. A stage's seconds end with its last unit of work: what
 * follows is the checkpoint on disk, which a long run pays once.
 */
final class StageTimes implements Progress {
  private final Map<String, Double> seconds = new LinkedHashMap<>();

  @Override
  public Stage begin(String what, long total, String unit) {
    long start = System.nanoTime();
    return _ -> seconds.put(what, (System.nanoTime() - start) * 1e-9);
  }

  /** The seconds of a stage that was reported. */
  double of(String stage) {
    return Objects.requireNonNull(seconds.get(stage), () -> "no stage '" + stage + "'");
  }

  /** The seconds of a stage that some runs do without: 0 then. */
  double ofAny(String stage) {
    return seconds.getOrDefault(stage, 0.0);
  }
}
