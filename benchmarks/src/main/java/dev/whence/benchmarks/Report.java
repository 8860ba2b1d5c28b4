package dev.whence.benchmarks;

import dev.whence.Json;
import dev.whence.folder.AtomicFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/** Collects what was measured; prints it as a table and writes it as JSON. */
final class Report {
  /**
   * One phase of one workload: medians over the rounds.
   *
   * @param ours seconds a unit
   * @param peer seconds a unit, when there was one
   * @param ratio median over rounds of peer / ours in the same round
   * @param rate least work by our seconds, GFLOP/s
   * @param ofCeiling rate as a share of the large GEMM's
   * @param planned what 'whence plan' says, by our seconds
   */
  record Row(
      String workload,
      String phase,
      double ours,
      Optional<Double> peer,
      Optional<Double> ratio,
      Optional<Double> rate,
      Optional<Double> ofCeiling,
      Optional<Double> planned) {}

  private final Ceilings ceilings;
  private final Consumer<String> printer;
  private final List<Row> rows = new ArrayList<>();
  private final Map<String, Double> correlations = new LinkedHashMap<>();
  private final List<Growth.Measured> growth = new ArrayList<>();

  Report(Ceilings ceilings, Consumer<String> printer) {
    this.ceilings = ceilings;
    this.printer = printer;
    print(
        String.format(
            Locale.ROOT,
            "Ceilings: GEMM %.0f GFLOP/s (2048 x 768 x 3072), %.0f (4096^3); copy %.1f GB/s; eigh %.2f s"
                + " (768), %.2f s (3072), float64",
            ceilings.gemmSmall(),
            ceilings.gemmLarge(),
            ceilings.copy(),
            ceilings.eigh768(),
            ceilings.eigh3072()));
    print(
        "\n| workload | phase | ours | peer | peer / ours | GFLOP/s | of ceiling | plan / ours |");
    print("|---|---|---|---|---|---|---|---|");
  }

  /** Rounds of one phase. */
  static final class Rounds {
    private final Map<Phase, List<Double>> ours = new EnumMap<>(Phase.class);
    private final Map<Phase, List<Double>> peer = new EnumMap<>(Phase.class);

    void ours(Job job, Map<Phase, Double> seconds) {
      add(ours, job, seconds);
    }

    void peer(Job job, Map<Phase, Double> seconds) {
      add(peer, job, seconds);
    }

    private static void add(Map<Phase, List<Double>> to, Job job, Map<Phase, Double> seconds) {
      seconds.forEach((phase, s) ->
          to.computeIfAbsent(phase, _ -> new ArrayList<>()).add(s / job.units(phase)));
    }
  }

  /** Adds a row for each phase that was timed. */
  void add(String workload, Job job, LeastWork least, Rounds rounds, Map<Phase, Double> planned) {
    rounds.ours.forEach((phase, ours) -> {
      Optional<List<Double>> peer = Optional.ofNullable(rounds.peer.get(phase));
      Optional<Double> work =
          switch (phase) {
            case COVARIANCE -> Optional.of(least.covariance());
            case EIGENDECOMPOSITION -> Optional.empty();
            case LAMBDA -> Optional.of(least.lambda());
            case PRECONDITION -> Optional.of(least.precondition(job.rank()));
            case SCAN -> Optional.of(least.scan(job.queries()));
          };
      Optional<Double> rate = work.map(w -> w / median(ours));
      add(
          new Row(
              workload,
              phase.label,
              median(ours),
              peer.map(Report::median),
              peer.map(p -> median(ratios(p, ours))),
              rate,
              rate.map(r -> r / ceilings.gemmLarge()),
              Optional.ofNullable(planned.get(phase))
                  .map(p -> p / job.units(phase) / median(ours))));
    });
  }

  /** Adds a row of a whole job. */
  void add(Row row) {
    rows.add(row);
    print(
        String.format(
            Locale.ROOT,
            "| %s | %s | %s | %s | %s | %s | %s | %s |",
            row.workload,
            row.phase,
            seconds(row.ours),
            row.peer.map(Report::seconds).orElse(""),
            row.ratio.map(r -> text("%.2f", r)).orElse(""),
            row.rate.map(r -> text("%.0f", r)).orElse(""),
            row.ofCeiling.map(r -> text("%.0f%%", 100 * r)).orElse(""),
            row.planned.map(r -> text("%.2f", r)).orElse("")));
  }

  /** Adds workload S. */
  void growth(List<Growth.Measured> points) {
    growth.addAll(points);
  }

  double ceiling() {
    return ceilings.gemmLarge();
  }

  void correlation(String what, double value) {
    correlations.put(what, value);
    print(String.format(Locale.ROOT, "correlation of scores, %s: %.6f", what, value));
  }

  void write(Path file) throws IOException {
    Map<String, Object> all = new LinkedHashMap<>();
    all.put("ceilings", ceilings);
    all.put("rows", rows);
    all.put("correlations", correlations);
    all.put("growth", growth);
    AtomicFile.write(file, Json.MAPPER.writeValueAsString(all));
  }

  private static List<Double> ratios(List<Double> peer, List<Double> ours) {
    List<Double> ratios = new ArrayList<>();
    for (int i = 0; i < ours.size(); i++) {
      ratios.add(peer.get(i) / ours.get(i));
    }
    return ratios;
  }

  static double median(List<Double> values) {
    List<Double> sorted = new ArrayList<>(values);
    Collections.sort(sorted);
    int half = sorted.size() / 2;
    return sorted.size() % 2 == 1
        ? sorted.get(half)
        : (sorted.get(half - 1) + sorted.get(half)) / 2;
  }

  private static String seconds(double s) {
    return s < 1 ? text("%.0f ms", 1000 * s) : text("%.2f s", s);
  }

  private static String text(String format, double value) {
    return String.format(Locale.ROOT, format, value);
  }

  private void print(String line) {
    printer.accept(line + "\n");
  }
}
