package dev.whence.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.whence.run.Provenance;
import dev.whence.testing.Oracle;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What happens to long jobs: killed processes and full disks, with real processes. */
class FaultTest {
  private static final Oracle ORACLE = Oracle.of("llama");

  @TempDir private Path folder;
  private Path corpus = Path.of("");

  @BeforeEach
  void writeALongCorpus() throws IOException {
    List<String> lines = new ArrayList<>();
    for (int copy = 0; copy < 30; copy++) {
      for (String line : Files.readAllLines(ORACLE.corpus())) {
        lines.add(line.replace("\"id\": \"d", "\"id\": \"" + copy + "-d"));
      }
    }
    corpus = Files.write(folder.resolve("corpus.jsonl"), lines);
  }

  @Test
  void aKilledFitEndsWithTheSameFactors() throws Exception {
    assertThat(finish(fit("whole")).exitValue()).isZero();
    Path partial = folder.resolve("killed.partial");
    for (String checkpoint : List.of("covariances.safetensors", "squares.safetensors")) {
      kill(fit("killed"), partial.resolve(checkpoint));
      assertThat(folder.resolve("killed")).as("half-written is not whole").doesNotExist();
    }
    assertThat(finish(fit("killed")).exitValue()).isZero();
    assertThat(files(folder.resolve("killed/factors")))
        .isEqualTo(files(folder.resolve("whole/factors")));
    assertThat(partial).doesNotExist();
  }

  @Test
  void aKilledAttributionEndsWithTheSameScores() throws Exception {
    assertThat(finish(fit("run")).exitValue()).isZero();
    assertThat(finish(attribute("whole")).exitValue()).isZero();
    for (int kills = 0; kills < 2; kills++) {
      kill(attribute("killed"), folder.resolve("killed.partial/scan.safetensors"));
      assertThat(folder.resolve("killed")).doesNotExist();
    }
    assertThat(finish(attribute("killed")).exitValue()).isZero();
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
              "fit", ORACLE.model().toString(),
              "--corpus", corpus.toString(),
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

  private Process fit(String out) throws IOException {
    return start(
        "fit",
        ORACLE.model().toString(),
        "--corpus",
        corpus.toString(),
        "--out",
        folder.resolve(out).toString(),
        "--curvature",
        "ekfac,diagonal",
        "--batch-tokens",
        "100",
        "--checkpoint-seconds",
        "0");
  }

  private Process attribute(String out) throws IOException {
    return start(
        "attribute",
        folder.resolve("run").toString(),
        "--queries",
        ORACLE.queries().toString(),
        "--corpus",
        corpus.toString(),
        "--out",
        folder.resolve(out).toString(),
        "--all-scores",
        "--layerwise",
        "--tokenwise",
        "--self-influence",
        "--batch-tokens",
        "100",
        "--checkpoint-seconds",
        "0");
  }

  private Process start(String... arguments) throws IOException {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-Dorg.bytedeco.javacpp.maxPhysicalBytes=0",
                "-cp",
                System.getProperty("java.class.path"),
                "dev.whence.cli.Whence"));
    command.addAll(Arrays.asList(arguments));
    command.add("--cache");
    command.add(folder.resolve("cache").toString());
    return new ProcessBuilder(command)
        .redirectErrorStream(true)
        .redirectOutput(folder.resolve("process.log").toFile())
        .start();
  }

  private Process finish(Process process) throws InterruptedException {
    assertThat(process.waitFor(120, TimeUnit.SECONDS)).isTrue();
    return process;
  }

  /** Kills a process, as nothing can catch, once it has written a checkpoint; it may end first. */
  private static void kill(Process process, Path checkpoint) throws InterruptedException {
    while (process.isAlive() && !Files.exists(checkpoint)) {
      process.waitFor(2, TimeUnit.MILLISECONDS);
    }
    assertThat(process.isAlive()).as("still at work when the checkpoint appears").isTrue();
    process.destroyForcibly().waitFor();
  }

  /** Names and contents, for comparison. */
  private static Map<String, String> files(Path path) throws IOException {
    Map<String, String> contents = new TreeMap<>();
    try (Stream<Path> files = Files.list(path)) {
      for (Path file : files.toList()) {
        contents.put(file.getFileName().toString(), Provenance.sha256(List.of(file)));
      }
    }
    return contents;
  }
}
