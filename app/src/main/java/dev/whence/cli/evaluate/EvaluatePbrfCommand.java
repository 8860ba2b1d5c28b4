package dev.whence.cli.evaluate;

import dev.whence.InvalidInputException;
import dev.whence.cli.ConsoleProgress;
import dev.whence.lab.evaluation.Method;
import dev.whence.lab.evaluation.Newton;
import dev.whence.lab.evaluation.ResponseStudy;
import dev.whence.lab.evaluation.Subject;
import dev.whence.lab.evaluation.Task;
import dev.whence.lab.response.ProximalBregman;
import dev.whence.web.Plot;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Influence against the proximal Bregman response function. */
@Command(
    name = "pbrf",
    description =
        "Compare influences with what they stand for: how measurements change when a training"
            + " example gets more weight and the trained weights may move a little (the proximal"
            + " Bregman response function, section 5.1 of the paper).",
    footer = {"", "Example: whence evaluate pbrf --task concrete --data uci --json concrete.json"},
    mixinStandardHelpOptions = true)
final class EvaluatePbrfCommand implements Callable<Integer> {
  private static final int TRIES = 3;

  /** The shortest time that is plotted, in seconds: a shorter one is not measured reliably. */
  private static final double SHORTEST = 0.01;

  @Spec private CommandSpec spec = CommandSpec.create();
  @Mixin private EvaluationOptions options = new EvaluationOptions();

  @Option(
      names = "--sample",
      paramLabel = "N",
      description =
          "Training examples whose response is solved for (default: 500, dictionary and resnet 100,"
              + " with --quick 10 or 4).")
  private Optional<Integer> sample = Optional.empty();

  @Option(
      names = "--method",
      paramLabel = "NAME",
      split = ",",
      defaultValue = "identity,diagonal,kfac,ekfac,lissa,cg,refined",
      description =
          "identity, diagonal, kfac, ekfac, lissa, cg, refined, exact (default: all but exact).")
  private Set<Method> methods = Set.of();

  @Option(
      names = "--damping",
      paramLabel = "LAMBDA",
      description =
          "The same for all methods and the truth (default: 0.001; dictionary a tenth of the mean of"
              + " the Fisher's diagonal).")
  private Optional<Double> damping = Optional.empty();

  @Option(
      names = "--epsilon",
      paramLabel = "X",
      description =
          "Weight that the example gets besides, by the weight that it has (default: 0.01 for tables,"
              + " 0.001 for fashion, 0.0001 for resnet and dictionary).")
  private Optional<Double> relativeEpsilon = Optional.empty();

  @Option(
      names = "--steps",
      paramLabel = "N",
      description = "Of Adam for each response, at first (default: 400, with --quick 300 or 30).")
  private Optional<Integer> steps = Optional.empty();

  @Option(
      names = "--newton",
      paramLabel = "HOW",
      description =
          "Solve first by Newton's method, then by Adam: 'exact' by the exact inverse, N by at most N"
              + " steps of preconditioned conjugate gradient a step, 0 by Adam alone (default:"
              + " exact, with --quick 0).")
  private Optional<String> newton = Optional.empty();

  @Option(
      names = "--tolerance",
      paramLabel = "X",
      defaultValue = "0.01",
      description =
          "Norm of the objective's gradient at the end, by that of the example's (default: 0.01).")
  private double tolerance;

  @Option(
      names = "--rate",
      paramLabel = "X",
      defaultValue = "0.05",
      description =
          "Of Adam at first, by the root mean square of gradient / lambda (default: 0.05).")
  private double rate;

  @Option(names = "--json", paramLabel = "FILE", description = "Also write all numbers here.")
  private Optional<Path> json = Optional.empty();

  @Option(
      names = "--plots",
      paramLabel = "FOLDER",
      description = "Also draw each method's correlation against its time, an SVG file a task.")
  private Optional<Path> plots = Optional.empty();

  /**
   * A task's results, as {@code --json} has them.
   *
   * @param failures the methods without a result, and why
   */
  record PbrfResult(
      String task,
      EvaluationConditions conditions,
      ProximalBregman.Settings settings,
      ResponseStudy.Convergence convergence,
      double responseSeconds,
      long[] sample,
      double[][] truth,
      List<ResponseStudy.Result> results,
      Map<String, String> failures) {}

  @Override
  public Integer call() throws IOException {
    EvaluationOptions.requireAtLeast("--sample", sample, 3);
    EvaluationOptions.requireAtLeast("--steps", steps, 1);
    requirePositive("--damping", damping);
    requirePositive("--epsilon", relativeEpsilon);
    requirePositive("--tolerance", Optional.of(tolerance));
    requirePositive("--rate", Optional.of(rate));
    EvaluationReport report = new EvaluationReport(spec);
    // Quick runs use Adam alone, so that it is exercised too.
    Newton usual = options.quick() ? new Newton.None() : new Newton.Exact();
    Newton how = newton.map(Newton::parse).orElse(usual);
    for (EvaluationTask name : options.tasks(EnumSet.allOf(EvaluationTask.class))) {
      try (Subject subject = options.smallSubject(name)) {
        evaluate(name, subject, how, report);
      }
    }
    return 0;
  }

  private static void requirePositive(String option, Optional<Double> given) {
    if (given.isPresent() && !(given.get() > 0)) {
      throw new InvalidInputException(option + " is " + given.get() + " but must be more than 0");
    }
  }

  private void evaluate(EvaluationTask name, Subject subject, Newton how, EvaluationReport report)
      throws IOException {
    Task task = subject.task();
    boolean language = name == EvaluationTask.DICTIONARY;
    boolean slow = language || name == EvaluationTask.RESNET;
    ProximalBregman.Settings settings =
        new ProximalBregman.Settings(
            relativeEpsilon.orElse(epsilon(name)) / task.training().size(),
            options.damping(damping, name, task),
            batch(name),
            options.number(steps, "--steps", 1, 400, slow ? 30 : 300),
            rate,
            tolerance,
            options.quick() && slow ? 1 : TRIES,
            options.seed());
    int count = options.number(sample, "--sample", 3, slow ? 100 : 500, slow ? 4 : 10);
    long start = System.nanoTime();
    try (ResponseStudy study =
        ResponseStudy.of(task, count, settings, how, new ConsoleProgress())) {
      double seconds = (System.nanoTime() - start) / 1e9;
      Method.Effort effort = options.effort(name);
      PbrfResult pbrf =
          new PbrfResult(
              task.name(),
              EvaluationConditions.of(subject, settings.damping(), effort),
              settings,
              study.convergence(tolerance),
              seconds,
              study.places(),
              study.truth(),
              new ArrayList<>(),
              new LinkedHashMap<>());
      report.add(pbrf);
      report.write(json); // saves the responses, which took longest
      print(pbrf);
      for (Method method : methods) {
        try {
          ResponseStudy.Result result = study.test(method, effort);
          pbrf.results.add(result);
          print(result);
        } catch (ArithmeticException | InvalidInputException e) {
          String why = String.valueOf(e.getMessage());
          pbrf.failures.put(method.toString(), why);
          EvaluationReport.row(method.toString(), why, "", "", "", "");
        }
        report.write(json);
      }
      if (plots.isPresent()) {
        plot(pbrf, plots.get().resolve("pbrf-" + name + ".svg"));
      }
    }
  }

  private static void plot(PbrfResult pbrf, Path file) throws IOException {
    Files.createDirectories(file.toAbsolutePath().getParent());
    Plot.write(
        file,
        new Plot.Words(
            pbrf.task,
            "Pearson's correlation with the responses, with 95% intervals, against time with fitting.",
            "seconds, fitting included",
            "correlation"),
        pbrf.results.stream()
            .map(r ->
                new Plot.Point(
                    r.method().toString(),
                    Math.max(SHORTEST, r.prepareSeconds() + r.solveSeconds()),
                    r.agreement().pearson().mean(),
                    r.agreement().pearson().low(),
                    r.agreement().pearson().high()))
            .toList());
  }

  /** Small enough for responses to be linear in it, large enough for rounding not to matter. */
  private static double epsilon(EvaluationTask name) {
    return switch (name) {
      case CONCRETE, ENERGY -> 0.01;
      case FASHION -> 0.001;
      case RESNET, DICTIONARY -> 0.0001;
    };
  }

  /** Examples in a batch: all of a table, else as few as still use all cores. */
  private static int batch(EvaluationTask name) {
    return switch (name) {
      case CONCRETE, ENERGY -> 1024;
      case FASHION -> 256;
      case RESNET -> 32;
      case DICTIONARY -> 16;
    };
  }

  private static void print(PbrfResult pbrf) {
    System.out.printf(
        Locale.ROOT,
        "%n%s: %,d training examples, %,d parameters, lambda %.3g, epsilon %.3g%n"
            + "%d responses to %d measurements in %.0f s: gradient left %.2g of the example's (worst"
            + " %.2g), slopes at both signs of epsilon apart by %.2g%n%n",
        pbrf.task,
        pbrf.conditions.trainingExamples(),
        pbrf.conditions.parameters(),
        pbrf.settings.damping(),
        pbrf.settings.epsilon(),
        pbrf.sample.length,
        pbrf.truth.length,
        pbrf.responseSeconds,
        pbrf.convergence.gradient(),
        pbrf.convergence.worstGradient(),
        pbrf.convergence.asymmetry());
    if (pbrf.convergence.unsolved() > 0) {
      System.out.printf(
          Locale.ROOT,
          "%d of %d responses left more than the tolerance of %s; give more --steps, or another"
              + " --epsilon%n%n",
          pbrf.convergence.unsolved(),
          pbrf.sample.length,
          pbrf.settings.tolerance());
    }
    EvaluationReport.head("method", "Pearson", "Spearman", "residual", "fit, s", "measure, s");
  }

  private static void print(ResponseStudy.Result result) {
    EvaluationReport.row(
        result.method().toString(),
        EvaluationReport.cell(result.agreement().pearson()),
        EvaluationReport.cell(result.agreement().spearman()),
        String.format(Locale.ROOT, "%.2g", result.residual()),
        String.format(Locale.ROOT, "%.2f", result.prepareSeconds()),
        String.format(Locale.ROOT, "%.2f", result.solveSeconds()));
  }
}
