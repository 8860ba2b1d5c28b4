package dev.whence.benchmarks;

import dev.whence.Json;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;

/**
 * Workload S: time and peak memory as sequences, queries or positions double. Each point is a
 * process of its own, since memory that one job has taken stays with its process.
 */
final class Growth {
  /** The base fills a batch, so that memory can only grow by what should not make it grow. */
  private static final Point BASE = new Point(32, 8, 128);

  private static final int[] FACTORS = {1, 2, 4, 8};
  private static final int RANK = 32;

  /** What is varied. */
  record Point(int sequences, int queries, int positions) {
    Job job() {
      return new Job(sequences, queries, sequences, RANK);
    }
  }

  /** What came of it. */
  record Measured(String axis, Point point, Map<Phase, Double> seconds, long peakBytes) {}

  private Growth() {}

  /** Measures all points and prints them as a table. */
  static List<Measured> measure(Path out, int layers, Consumer<String> printer) throws IOException {
    printer.accept(
        "\n| growth of | sequences | queries | positions | covariances | Lambda | preconditioning |"
            + " scan | peak memory | bytes a tracked parameter |\n"
            + "|---|---|---|---|---|---|---|---|---|---|\n");
    List<Measured> all = new ArrayList<>();
    for (String axis : List.of("sequences", "queries", "positions")) {
      for (int factor : FACTORS) {
        Point point =
            switch (axis) {
              case "sequences" -> new Point(BASE.sequences * factor, BASE.queries, BASE.positions);
              case "queries" -> new Point(BASE.sequences, BASE.queries * factor, BASE.positions);
              default -> new Point(BASE.sequences, BASE.queries, BASE.positions * factor);
            };
        Measured measured = inAProcess(out, layers, axis, point);
        all.add(measured);
        printer.accept(row(measured, layers));
      }
    }
    return all;
  }

  private static String row(Measured m, int layers) {
    Point p = m.point;
    double parameters = 2.0 * layers * 768 * 3072;
    return String.format(
        Locale.ROOT,
        "| %s | %d | %d | %d | %.1f s | %.1f s | %.1f s | %.1f s | %,d MiB | %.0f |%n",
        m.axis,
        p.sequences,
        p.queries,
        p.positions,
        m.seconds.getOrDefault(Phase.COVARIANCE, 0.0),
        m.seconds.getOrDefault(Phase.LAMBDA, 0.0),
        m.seconds.getOrDefault(Phase.PRECONDITION, 0.0),
        m.seconds.getOrDefault(Phase.SCAN, 0.0),
        m.peakBytes >> 20,
        m.peakBytes / parameters);
  }

  private static Measured inAProcess(Path out, int layers, String axis, Point point)
      throws IOException {
    Path folder = out.resolve("growth").resolve("positions-" + point.positions);
    List<String> command = new ArrayList<>();
    command.add(ProcessHandle.current().info().command().orElse("java"));
    command.addAll(java.lang.management.ManagementFactory.getRuntimeMXBean().getInputArguments());
    command.addAll(
        List.of(
            "-cp",
            System.getProperty("java.class.path"),
            Growth.class.getName(),
            folder.toString(),
            axis,
            "" + layers,
            "" + point.sequences,
            "" + point.queries,
            "" + point.positions));
    Process process =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    String answer = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    try {
      if (process.waitFor() != 0) {
        throw new IOException("a point of workload S failed: " + point);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return Json.MAPPER.readValue(answer, Measured.class);
  }

  /** One point, in a process of its own; the measurement goes to standard output as JSON. */
  public static void main(String[] arguments) throws IOException {
    Path folder = Path.of(arguments[0]);
    Point point =
        new Point(
            Integer.parseInt(arguments[3]),
            Integer.parseInt(arguments[4]),
            Integer.parseInt(arguments[5]));
    Shapes shapes = Shapes.gpt2Small(Integer.parseInt(arguments[2]), point.positions);
    Files.createDirectories(folder);
    shapes.write(folder, point.sequences, point.queries);
    try (Ours ours = new Ours(folder, shapes)) {
      Map<Phase, Double> seconds = new java.util.EnumMap<>(Phase.class);
      seconds.putAll(ours.fit(point.job(), false));
      seconds.putAll(ours.score(point.job(), folder.resolve("scores.safetensors")));
      System.out.println(
          Json.MAPPER.writeValueAsString(
              new Measured(arguments[1], point, seconds, ProcessMemory.peak())));
    }
  }
}
