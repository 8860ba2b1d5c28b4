package dev.whence.cli;

import static dev.whence.cli.LongJob.awaitFile;
import static dev.whence.cli.LongJob.files;
import static dev.whence.cli.LongJob.finish;
import static dev.whence.cli.LongJob.kill;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.whence.run.Provenance;
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
    assertThat(Provenance.sha256(List.of(folder.resolve("killed/scores.safetensors"))))
        .isEqualTo(Provenance.sha256(List.of(folder.resolve("whole/scores.safetensors"))));
    assertThat(Outcome.of("top", folder.resolve("killed").toString()).out())
        .isEqualTo(Outcome.of("top", folder.resolve("whole").toString()).out());
  }

  @Test
  void aFullDiskIsOneSentenceAndHarmsNothing() throws Exception {
    Path disk = Files.createDirectory(folder.resolve("disk"));
    assumeTrue(
        succeeds("mount", "-t", "tmpfs", "-o", "size=150k", "tmpfs", disk.toString()),
        "only root can make a small disk");
    try {
      Path before = Files.writeString(disk.resolve("earlier"), "results");
      Outcome full =
          Outcome.of(
              "fit", LongJob.ORACLE.model().toString(),
              "--corpus", job().corpus().toString(),
              "--cache", folder.resolve("cache").toString(),
              "--out", disk.resolve("run").toString());
      assertThat(full.code()).isEqualTo(1);
      assertThat(full.err()).contains("cannot write", "No space left").doesNotContain("\tat ");
      assertThat(disk.resolve("run")).doesNotExist();
      assertThat(before).hasContent("results");
    } finally {
      assertThat(succeeds("umount", disk.toString())).isTrue();
    }
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
    assertThat(succeeds("kill", "-INT", "" + process.pid())).isTrue();
    assertThat(process.waitFor(20, TimeUnit.SECONDS)).as("ended soon").isTrue();
    assertThat(process.exitValue()).isEqualTo(130);
    assertThat(folder.resolve("stopped")).doesNotExist();
    assertThat(finish(job().fit("stopped")).exitValue()).isZero();
    assertThat(files(folder.resolve("stopped/factors")))
        .isEqualTo(files(folder.resolve("whole/factors")));
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
          Outcome refused =
              Outcome.of(
                  "attribute", folder.resolve("run").toString(),
                  "--queries", LongJob.ORACLE.queries().toString(),
                  "--corpus", folder.resolve("corpus.jsonl").toString(),
                  "--cache", folder.resolve("cache").toString(),
                  "--out", folder.resolve("results").toString());
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
}
