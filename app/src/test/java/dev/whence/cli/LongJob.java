package dev.whence.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.whence.folder.Hashes;
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

/**
 * A fit, an attribution and an index of some seconds, in processes of their own that a test may
 * kill.
 */
record LongJob(Path folder, Path corpus) {
  static final Oracle ORACLE = Oracle.of("llama");

  /** Writes a long corpus into a folder. */
  static LongJob in(Path folder) throws IOException {
    List<String> lines = new ArrayList<>();
    for (int copy = 0; copy < 30; copy++) {
      for (String line : Files.readAllLines(ORACLE.corpus())) {
        lines.add(line.replace("\"id\": \"d", "\"id\": \"" + copy + "-d"));
      }
    }
    return new LongJob(folder, Files.write(folder.resolve("corpus.jsonl"), lines));
  }

  Process fit(String out) throws IOException {
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

  Process attribute(String out) throws IOException {
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

  Process index(String out) throws IOException {
    return start(
        "index",
        "build",
        folder.resolve("run").toString(),
        "--corpus",
        corpus.toString(),
        "--out",
        folder.resolve(out).toString(),
        "--recall-queries",
        "3",
        "--batch-tokens",
        "100",
        "--checkpoint-seconds",
        "0");
  }

  private Process start(String... arguments) throws IOException {
    List<String> all = new ArrayList<>(Arrays.asList(arguments));
    all.add("--cache");
    all.add(folder.resolve("cache").toString());
    return whence(folder.resolve("process.log"), Map.of(), all);
  }

  /** The command line in a process of its own, with what it prints in a file. */
  static Process whence(Path log, Map<String, String> environment, List<String> arguments)
      throws IOException {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-XX:+UseSerialGC",
                "-Dorg.bytedeco.javacpp.maxPhysicalBytes=0",
                "-cp",
                System.getProperty("java.class.path"),
                "dev.whence.cli.Whence"));
    command.addAll(arguments);
    ProcessBuilder builder =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile());
    builder.environment().putAll(environment);
    return builder.start();
  }

  static Process finish(Process process) throws InterruptedException {
    assertThat(process.waitFor(120, TimeUnit.SECONDS)).isTrue();
    return process;
  }

  /** Kills a process, as nothing can catch, once it has written a checkpoint; it may end first. */
  static void kill(Process process, Path checkpoint) throws InterruptedException {
    awaitFile(process, checkpoint);
    process.destroyForcibly().waitFor();
  }

  /** Waits until a process at work has written a file. */
  static void awaitFile(Process process, Path checkpoint) throws InterruptedException {
    while (process.isAlive() && !Files.exists(checkpoint)) {
      process.waitFor(2, TimeUnit.MILLISECONDS);
    }
    assertThat(process.isAlive()).as("still at work when the checkpoint appears").isTrue();
  }

  /** Names and contents, for comparison. */
  static Map<String, String> files(Path path) throws IOException {
    Map<String, String> contents = new TreeMap<>();
    try (Stream<Path> files = Files.list(path)) {
      for (Path file : files.toList()) {
        contents.put(file.getFileName().toString(), Hashes.ofFiles(List.of(file)));
      }
    }
    return contents;
  }
}
