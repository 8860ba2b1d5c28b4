package dev.whence.cli;

import static dev.whence.cli.LongJob.files;
import static dev.whence.cli.LongJob.finish;
import static org.assertj.core.api.Assertions.assertThat;

import dev.whence.folder.Hashes;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Kills jobs at random moments, takes them up again and kills them again, until they end. */
class RandomKillsTest {
  /** A third of them hit fits, attributions and index builds; the profile "faults" asks for 51. */
  private static final int KILLS = Integer.getInteger("whence.test.kills", 6);

  @TempDir private Path folder;
  private final long seed = System.nanoTime();
  private final Random random = new Random(seed);

  /** Starts a job that writes to a folder of this name. */
  @FunctionalInterface
  private interface Job {
    Process start(String out) throws Exception;
  }

  @Test
  void jobsThatWereKilledAtAnyMomentEndWithEqualNumbers() throws Exception {
    LongJob job = LongJob.in(folder);
    long fitMillis = whole(job::fit, "run");
    killAndCompare(
        job::fit,
        fitMillis,
        out ->
            assertThat(files(folder.resolve(out + "/factors")))
                .as("seed %d", seed)
                .isEqualTo(files(folder.resolve("run/factors"))));
    long attributeMillis = whole(job::attribute, "results");
    killAndCompare(
        job::attribute,
        attributeMillis,
        out -> assertThat(scores(out)).as("seed %d", seed).isEqualTo(scores("results")));
    long indexMillis = whole(job::index, "index");
    killAndCompare(
        job::index,
        indexMillis,
        out -> assertThat(records(out)).as("seed %d", seed).isEqualTo(records("index")));
  }

  /** Of an index; its manifest has the time in it. */
  private Map<String, String> records(String out) throws Exception {
    Map<String, String> files = files(folder.resolve(out));
    files.remove("manifest.json");
    assertThat(files).isNotEmpty();
    return files;
  }

  private String scores(String out) {
    return Hashes.ofFiles(List.of(folder.resolve(out).resolve("scores.safetensors")));
  }

  private static long whole(Job job, String out) throws Exception {
    long start = System.nanoTime();
    assertThat(finish(job.start(out)).exitValue()).isZero();
    return TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start);
  }

  private interface Comparison {
    void check(String out) throws Exception;
  }

  private void killAndCompare(Job job, long millis, Comparison comparison) throws Exception {
    int kills = 0;
    for (int turn = 0; kills < KILLS / 3; turn++) {
      String out = "killed-" + millis + "-" + turn;
      Process process = job.start(out);
      while (!process.waitFor(random.nextLong(millis + millis / 4), TimeUnit.MILLISECONDS)) {
        process.destroyForcibly().waitFor();
        kills++;
        process = job.start(out);
      }
      assertThat(process.exitValue()).as("seed %d", seed).isZero();
      comparison.check(out);
    }
  }
}
