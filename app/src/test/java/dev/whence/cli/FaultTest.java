package dev.whence.cli;

import static dev.whence.cli.LongJob.awaitFile;
import static dev.whence.cli.LongJob.files;
import static dev.whence.cli.LongJob.finish;
import static dev.whence.cli.LongJob.kill;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.whence.folder.Hashes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What happens to long jobs: killed processes and full disks, with real processes. */
class FaultTest {
  @TempDir private Path folder;

  private LongJob job() throws IOException {
    return LongJob.in(folder);
  }

  @Test
  void aKilledFitEndsWithTheSameFactors() throws Exception {
    assertThat(finish(job().fit("whole")).exitValue()).isZero();
    Path partial = folder.resolve("killed.partial");
    for (String checkpoint : List.of("covariances.safetensors", "squares.safetensors")) {
      kill(job().fit("killed"), partial.resolve(checkpoint));
      assertThat(folder.resolve("killed")).as("half-written is not whole").doesNotExist();
    }
    assertThat(finish(job().fit("killed")).exitValue()).isZero();
    assertThat(files(folder.resolve("killed/factors")))
        .isEqualTo(files(folder.resolve("whole/factors")));
    assertThat(partial).doesNotExist();
  }

  @Test
  void aKilledAttributionEndsWithTheSameScores() throws Exception {
    assertThat(finish(job().fit("run")).exitValue()).isZero();
    assertThat(finish(job().attribute("whole")).exitValue()).isZero();
    for (int kills = 0; kills < 2; kills++) {
      kill(job().attribute("killed"), folder.resolve("killed.partial/scan.safetensors"));
      assertThat(folder.resolve("killed")).doesNotExist();
    }
    assertThat(finish(job().attribute("killed")).exitValue()).isZero();
    assertThat(Hashes.ofFiles(List.of(folder.resolve("killed/scores.safetensors"))))
        .isEqualTo(Hashes.ofFiles(List.of(folder.resolve("whole/scores.safetensors"))));
    assertThat(Outcome.of("top", folder.resolve("killed").toString()).out())
        .isEqualTo(Outcome.of("top", folder.resolve("whole").toString()).out());
  }

  @Test
  void aFullDiskIsOneSentenceAndHarmsNothing() throws Exception {
    job();
    onDisk(
        "size=150k",
        disk -> {
          Path before = Files.writeString(disk.resolve("earlier"), "results");
          failed(fit(disk.resolve("run")), "cannot write", "No space left");
          assertThat(disk.resolve("run")).doesNotExist();
          assertThat(before).hasContent("results");
        });
  }

  @Test
  void anAttributionThatFillsTheDiskGoesOnWhenThereIsRoom() throws Exception {
    job();
    assertThat(fit(folder.resolve("run")).code()).isZero();
    assertThat(attribute(folder.resolve("whole")).code()).isZero();
    long scores = Files.size(folder.resolve("whole/scores.safetensors"));
    // At the start of the scan, in its middle, and in the tables after it.
    long tokens = Files.size(folder.resolve("whole/tokens.parquet"));
    for (long bytes : List.of(scores / 3, scores * 3 / 4, scores + tokens / 2)) {
      onDisk(
          "size=" + bytes,
          disk -> {
            Path results = disk.resolve("results");
            failed(
                attribute(results),
                "cannot write",
                "No space left|not enough space|Could not write");
            assertThat(results).as("half-written is not whole").doesNotExist();
            assertThat(succeeds("mount", "-o", "remount,size=50m", disk.toString())).isTrue();
            Outcome resumed = attribute(results);
            assertThat(resumed.code()).as(resumed.err()).isZero();
            assertThat(Hashes.ofFiles(List.of(results.resolve("scores.safetensors"))))
                .isEqualTo(Hashes.ofFiles(List.of(folder.resolve("whole/scores.safetensors"))));
          });
    }
  }

  @Test
  void aReadOnlyFolderIsOneSentence() throws Exception {
    job();
    assertThat(fit(folder.resolve("run")).code()).isZero();
    onDisk(
        "size=50m",
        disk -> {
          assertThat(fit(disk.resolve("run")).code()).isZero();
          assertThat(succeeds("mount", "-o", "remount,ro", disk.toString())).isTrue();
          failed(fit(disk.resolve("other")), "cannot write", "ead-only");
          failed(attribute(disk.resolve("results")), "cannot write", "ead-only");
          // What is there can be read: a run on a read-only disk is of use.
          assertThat(attribute(disk.resolve("run"), folder.resolve("results")).code()).isZero();
          assertThat(fit(disk.resolve("run")).code()).as("it is there already").isZero();
        });
  }

  /** What is done on a disk that has the options of a tmpfs. */
  @FunctionalInterface
  private interface OnDisk {
    void run(Path disk) throws Exception;
  }

  private void onDisk(String options, OnDisk work) throws Exception {
    Path disk = Files.createTempDirectory(folder, "disk");
    assumeTrue(
        succeeds("mount", "-t", "tmpfs", "-o", options, "tmpfs", disk.toString()),
        "only root can make a small disk");
    try {
      work.run(disk);
    } finally {
      assertThat(succeeds("umount", disk.toString())).isTrue();
    }
  }

  private static void failed(Outcome outcome, String what, String reason) {
    assertThat(outcome.code()).as(outcome.err()).isEqualTo(1);
    assertThat(outcome.err()).contains(what).containsPattern(reason).doesNotContain("\tat ");
  }

  private Outcome fit(Path out) {
    return Outcome.of(
        "fit", LongJob.ORACLE.model().toString(),
        "--corpus", folder.resolve("corpus.jsonl").toString(),
        "--cache", folder.resolve("cache").toString(),
        "--out", out.toString());
  }

  private Outcome attribute(Path out) {
    return attribute(folder.resolve("run"), out);
  }

  private Outcome attribute(Path run, Path out) {
    return Outcome.of(
        "attribute", run.toString(),
        "--queries", LongJob.ORACLE.queries().toString(),
        "--corpus", folder.resolve("corpus.jsonl").toString(),
        "--cache", folder.resolve("cache").toString(),
        "--all-scores", "--tokenwise",
        "--checkpoint-seconds", "0",
        "--out", out.toString());
  }

  private static boolean succeeds(String... command) throws IOException, InterruptedException {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    return process.waitFor() == 0;
  }

  @Test
  void anInterruptEndsWithinSecondsAndIsTakenUpAgain() throws Exception {
    assertThat(finish(job().fit("whole")).exitValue()).isZero();
    Process process = job().fit("stopped");
    awaitFile(process, folder.resolve("stopped.partial/covariances.safetensors"));
    assertThat(succeeds("kill", interrupt(process), "" + process.pid())).isTrue();
    assertThat(process.waitFor(20, TimeUnit.SECONDS)).as("ended soon").isTrue();
    assertThat(process.exitValue()).isEqualTo(130);
    assertThat(folder.resolve("stopped")).doesNotExist();
    assertThat(finish(job().fit("stopped")).exitValue()).isZero();
    assertThat(files(folder.resolve("stopped/factors")))
        .isEqualTo(files(folder.resolve("whole/factors")));
  }

  /**
   * The signal of Ctrl-C, or the one of {@code kill} where the shell that runs the tests has its
   * children ignore Ctrl-C, as it does for commands in the background.
   */
  private static String interrupt(Process process) throws IOException {
    Path status = Path.of("/proc/" + process.pid() + "/status");
    if (!Files.exists(status)) {
      return "-INT";
    }
    long ignored =
        Files.readAllLines(status).stream()
            .filter(line -> line.startsWith("SigIgn:"))
            .mapToLong(line -> Long.parseUnsignedLong(line.substring(7).strip(), 16))
            .findFirst()
            .orElse(0);
    return (ignored & 1 << 1) == 0 ? "-INT" : "-TERM";
  }

  @Test
  void aSecondProcessOnTheSameFolderIsRefusedAndTheFirstGoesOn() throws Exception {
    Process first = job().fit("run");
    awaitFile(first, folder.resolve("run.partial/covariances.safetensors"));
    Process second = job().fit("run");
    assertThat(finish(second).exitValue()).isEqualTo(2);
    assertThat(finish(first).exitValue()).isZero();
    assertThat(folder.resolve("run/manifest.json")).exists();
  }

  @Test
  void aFlippedBitInAnyFactorFileIsFound() throws Exception {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    assertThat(finish(job().fit("run")).exitValue()).isZero();
    try (Stream<Path> factors = Files.list(folder.resolve("run/factors"))) {
      for (Path file : factors.sorted().toList()) {
        byte[] whole = Files.readAllBytes(file);
        byte[] flipped = whole.clone();
        int at = random.nextInt(whole.length);
        flipped[at] ^= (byte) (1 << random.nextInt(8));
        for (byte[] damaged : List.of(flipped, Arrays.copyOf(whole, at))) {
          Files.write(file, damaged);
          Outcome refused = attribute(folder.resolve("results"));
          assertThat(refused.code())
              .as("byte %d, seed %d: %s", at, seed, refused.err())
              .isEqualTo(2);
          assertThat(refused.err()).contains(file.getFileName().toString()).doesNotContain("\tat ");
          assertThat(folder.resolve("results")).doesNotExist();
        }
        Files.write(file, whole);
      }
    }
  }

  @Test
  void aFlippedBitInAnyResultsFileIsFound() throws Exception {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    job();
    Path results = folder.resolve("results");
    assertThat(fit(folder.resolve("run")).code()).isZero();
    assertThat(attribute(results).code()).isZero();
    try (Stream<Path> files = Files.list(results)) {
      for (Path file : files.filter(f -> !f.endsWith("manifest.json")).sorted().toList()) {
        byte[] whole = Files.readAllBytes(file);
        byte[] flipped = whole.clone();
        int at = random.nextInt(whole.length);
        flipped[at] ^= (byte) (1 << random.nextInt(8));
        for (byte[] damaged : List.of(flipped, Arrays.copyOf(whole, at))) {
          Files.write(file, damaged);
          Outcome refused = Outcome.of("inspect", results.toString());
          assertThat(refused.code()).as("byte %d of %s, seed %d", at, file, seed).isEqualTo(2);
          assertThat(refused.err()).contains(file.getFileName().toString()).doesNotContain("\tat ");
          if (file.toString().endsWith(".parquet")) { // what 'top' reads
            assertThat(Outcome.of("top", results.toString()).code()).isEqualTo(2);
          }
        }
        Files.write(file, whole);
      }
    }
    assertThat(Outcome.of("inspect", results.toString()).code()).isZero();
  }
}
