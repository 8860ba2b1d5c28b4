package dev.whence.cli;

import dev.whence.budget.Compute;
import dev.whence.plan.AttributionPlan;
import dev.whence.plan.Cost;
import dev.whence.plan.FitPlan;
import dev.whence.plan.IndexPlan;
import dev.whence.plan.Machine;
import dev.whence.plan.Phase;
import dev.whence.plan.Plan;
import java.util.ArrayList;
import java.util.Formatter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/** A plan in words and tables. */
final class PlanPrinter {
  /** A multiply-add is two operations, and there are as many in a giga as one expects. */
  private static final double GFLOP = 2e-9;

  private final Plan plan;
  private final Formatter out = new Formatter(new StringBuilder(), Locale.ROOT);

  private PlanPrinter(Plan plan) {
    this.plan = plan;
  }

  /**
   * Prints a plan.
   *
   * @param eachLayer whether each layer has a line of its own
   */
  static String print(Plan plan, Compute compute, boolean eachLayer) {
    PlanPrinter printer = new PlanPrinter(plan);
    printer.machine();
    printer.phases();
    printer.space(compute);
    printer.index();
    printer.layers(eachLayer);
    return printer
        .out
        .toString()
        .lines()
        .map(String::stripTrailing)
        .collect(Collectors.joining("\n"))
        .stripTrailing();
  }

  private void machine() {
    if (plan.machine().isEmpty()) {
      out.format("times are not told: this machine does not have that device%n%n");
      return;
    }
    Machine m = plan.machine().get();
    out.format(
        "this machine: products %.0f GFLOP/s, symmetric products %.0f, copies %.1f GB/s,"
            + " an eigendecomposition of 1024 %.2f s%n",
        GFLOP * m.products(),
        GFLOP * m.symmetric(),
        1e-9 * m.bandwidth(),
        m.secondsPerCube() * Math.pow(1024, 3));
    out.format("%n");
  }

  private void phases() {
    out.format("%-38s %6s  %22s  %14s  %s%n", "stage", "passes", "each over", "GFLOP", "time");
    for (Phase phase : plan.phases()) {
      out.format(
          "%-38s %6d  %22s  %14s  %s%n",
          phase.name(),
          phase.passes(),
          Words.count(phase.amount()) + " " + phase.unit(),
          gflop(phase.cost()),
          time(phase.cost()));
    }
    Cost all = plan.phases().stream().map(Phase::cost).reduce(Cost.NONE, Cost::plus);
    out.format("%-38s %6s  %22s  %14s  %s%n", "all", "", "", gflop(all), time(all));
    out.format("%n");
  }

  private void space(Compute compute) {
    FitPlan fit = plan.fit();
    Optional<AttributionPlan> attribution = plan.attribution();
    out.format(
        "memory  fit %s%s, of %s allowed%s%n",
        Words.bytes(fit.memoryBytes()),
        attribution.map(a -> ", attribute " + Words.bytes(a.memoryBytes())).orElse(""),
        Words.bytes((double) compute.working().bytes()),
        compute.device().isCpu()
            ? ""
            : " on "
                + compute.device()
                + "; fit "
                + Words.bytes(fit.hostBytes())
                + " of the machine's, of "
                + Words.bytes((double) compute.memory().bytes()));
    out.format(
        "disk    run %s, and %s more while it is made%s%n",
        Words.bytes(fit.runBytes()),
        Words.bytes(fit.workBytes()),
        attribution
            .map(a ->
                "; results about "
                    + Words.bytes(a.resultBytes())
                    + (a.workBytes() > 0
                        ? ", and " + Words.bytes(a.workBytes()) + " more while they are made"
                        : ""))
            .orElse(""));
    out.format(
        "batch   %,d tokens in the fit%s%n",
        fit.batchTokens(),
        attribution
            .map(a -> String.format(Locale.ROOT, ", %,d in the scan", a.batchTokens()))
            .orElse(""));
    out.format("split   the fit takes %s%n", ranges(fit.ranges().size()));
    attribution.ifPresent(a ->
        out.format(
            "        the scan takes %s and %s%n",
            a.split().queries().size() == 1
                ? "all queries together"
                : "queries in " + a.split().queries().size() + " groups",
            ranges(a.split().layers().size())));
    out.format("%n");
  }

  private void index() {
    IndexPlan index = plan.index();
    out.format(
        "index   'whence index build' would take %s, and a pass of %s GFLOP, %s, without its sample%n",
        Words.bytes(index.bytes()), gflop(index.cost()), time(index.cost()));
    out.format("%n");
  }

  private String time(Cost cost) {
    return plan.machine().map(machine -> Words.time(cost.seconds(machine))).orElse("-");
  }

  private static String ranges(int count) {
    return count == 1 ? "all layers together" : "layers in " + count + " ranges";
  }

  /** Layers that differ in their block alone, as one line unless each is asked for. */
  private void layers(boolean each) {
    out.format(
        "%-36s %14s  %12s  %12s  %-9s %s%n",
        "layer, GFLOP",
        "out x in",
        "covariances",
        "Lambda",
        "rotates",
        plan.attribution().isPresent()
            ? String.format(
                Locale.ROOT,
                " %14s  %12s  %-9s  %s",
                "preconditioning",
                "scores",
                "through",
                "a query")
            : "");
    Map<String, List<Integer>> kinds = new LinkedHashMap<>();
    for (int l = 0; l < plan.fit().layers().size(); l++) {
      FitPlan.Layer layer = plan.fit().layers().get(l);
      String kind =
          layer.shape().name().replaceAll("(?<=\\.)\\d+(?=\\.)", "*")
              + " "
              + layer.shape().outputs()
              + " x "
              + layer.shape().inputs()
              + layer.route();
      kinds.computeIfAbsent(each ? "" + l : kind, _ -> new ArrayList<>()).add(l);
    }
    kinds.values().forEach(this::kind);
    if (plan.fit().layers().stream().anyMatch(layer -> !layer.leads())) {
      out.format("Layers that read the same input share one activation covariance.%n");
    }
  }

  /** A line for some layers of one shape, with their sums. */
  private void kind(List<Integer> numbers) {
    List<FitPlan.Layer> layers = numbers.stream().map(plan.fit().layers()::get).toList();
    FitPlan.Layer first = layers.getFirst();
    String name = first.shape().name();
    out.format(
        "%-36s %14s  %12s  %12s  %-9s %s%n",
        layers.size() == 1
            ? name
            : name.replaceAll("(?<=\\.)\\d+(?=\\.)", "*") + " (" + layers.size() + ")",
        first.shape().outputs() + " x " + first.shape().inputs(),
        gflop(layers.stream().map(FitPlan.Layer::covariances).reduce(Cost.NONE, Cost::plus)),
        gflop(layers.stream().map(FitPlan.Layer::squares).reduce(Cost.NONE, Cost::plus)),
        first.route().name().toLowerCase(Locale.ROOT),
        plan.attribution()
            .map(a -> scores(numbers.stream().map(a.layers()::get).toList()))
            .orElse(""));
  }

  private static String scores(List<AttributionPlan.Layer> layers) {
    return String.format(
        Locale.ROOT,
        " %15s  %12s  %-9s  %s",
        gflop(
            layers.stream()
                .map(AttributionPlan.Layer::preconditioning)
                .reduce(Cost.NONE, Cost::plus)),
        gflop(layers.stream().map(AttributionPlan.Layer::scores).reduce(Cost.NONE, Cost::plus)),
        layers.getFirst().route().name().toLowerCase(Locale.ROOT),
        Words.bytes(layers.stream().mapToDouble(AttributionPlan.Layer::queryBytes).sum()));
  }

  private static String gflop(Cost cost) {
    double value = GFLOP * cost.multiplyAdds();
    return value == 0 ? "-" : String.format(Locale.ROOT, value < 100 ? "%.2f" : "%,.0f", value);
  }
}
