package dev.whence.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.whence.run.Workbench;
import dev.whence.tensor.NativeMemory;
import dev.whence.tensor.Scope;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;

/**
 * Runs one list of jobs again and again in one process, whose memory must not grow. The profile
 * "faults" asks for a minute, {@code -Dwhence.test.soak=1800} for half an hour.
 */
@EnabledIfSystemProperty(named = "whence.test.soak", matches = "\\d+")
class SoakTest {
  private static final long SECONDS = Long.getLong("whence.test.soak", 60);

  /** Within this share of the time everything has been loaded, compiled and allocated once. */
  private static final double WARM = 0.4;

  /** What the memory of equal jobs differs by, without growing. */
  private static final double NOISE = 1.1;

  @TempDir private Path folder;

  private record Sample(double seconds, long bytes, long nativeObjects) {}

  @Test
  void memoryDoesNotGrow() throws IOException {
    Path corpus = LongJob.in(folder).corpus();
    List<Sample> samples = new ArrayList<>();
    long start = System.nanoTime();
    double seconds = 0;
    for (int turn = 0; seconds < SECONDS || turn < 5; turn++) {
      jobs(corpus, folder.resolve("turn" + turn % 2));
      System.gc();
      NativeMemory.giveBack(); // what is free but kept varies, and is no growth
      seconds = (System.nanoTime() - start) * 1e-9;
      samples.add(
          new Sample(seconds, ProcessMemory.bytes("self", "VmRSS"), Scope.liveNativeObjects()));
    }
    double warm = WARM * seconds;
    List<Sample> early = samples.stream().filter(s -> s.seconds <= warm).toList();
    List<Sample> late = samples.stream().filter(s -> s.seconds > warm).toList();
    System.out.printf(
        Locale.ROOT,
        "soak: %d turns in %.0f s; resident at most %d MiB in the first %.0f s, %d MiB after%n",
        samples.size(),
        seconds,
        most(early) >> 20,
        warm,
        most(late) >> 20);
    assertThat((double) most(late)).as("resident bytes").isLessThan(NOISE * most(early));
    assertThat(late.getLast().nativeObjects)
        .as("native objects")
        .isLessThanOrEqualTo(early.getLast().nativeObjects);
  }

  private static long most(List<Sample> samples) {
    return samples.stream().mapToLong(Sample::bytes).max().orElseThrow();
  }

  /** A fit, an attribution at low rank with everything written, and a look at the results. */
  private void jobs(Path corpus, Path out) {
    run(
        "fit", LongJob.ORACLE.model().toString(),
        "--corpus", corpus.toString(),
        "--cache", folder.resolve("cache").toString(),
        "--out", out.resolve("run").toString(),
        "--curvature", "ekfac,diagonal",
        "--seed", "" + out.hashCode());
    for (String rank : List.of("0", "4")) {
      run(
          "attribute",
          out.resolve("run").toString(),
          "--queries",
          LongJob.ORACLE.queries().toString(),
          "--corpus",
          corpus.toString(),
          "--cache",
          folder.resolve("cache").toString(),
          "--out",
          out.resolve("results" + rank).toString(),
          "--rank",
          rank,
          "--all-scores",
          "--tokenwise",
          "--self-influence",
          "--force");
      run("top", out.resolve("results" + rank).toString());
    }
    Workbench.delete(out);
  }

  private static void run(String... arguments) {
    Outcome outcome = Outcome.of(arguments);
    assertThat(outcome.code()).as(outcome.err()).isZero();
  }
}
