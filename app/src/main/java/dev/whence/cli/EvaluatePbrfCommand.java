package dev.whence.cli;

import dev.whence.AtomicFile;
import dev.whence.InvalidInputException;
import dev.whence.Json;
import dev.whence.lab.evaluation.Method;
import dev.whence.lab.evaluation.ResponseStudy;
import dev.whence.lab.evaluation.SmallTasks;
import dev.whence.lab.response.ProximalBregman;
import dev.whence.lab.training.SmallTrainer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Influence against the proximal Bregman response function. */
@Command(
    name = "pbrf",
    description =
        "Compare influences with what they stand for: how measurements change when a training"
            + " example gets more weight and the trained weights may move a little (the proximal"
            + " Bregman response function, section 5.1 of the paper).",
    footer = {
      "",
      "Example: whence evaluate pbrf --task concrete --data uci --json concrete.json",
      "concrete and energy read concrete.txt and energy.csv in --data; fashion and resnet read"
          + " Fashion-MNIST's files in --images, where Debian's package dataset-fashion-mnist puts"
          + " them."
    },
    mixinStandardHelpOptions = true)
final class EvaluatePbrfCommand implements Callable<Integer> {
  /** What is evaluated on. */
  enum TaskName {
    CONCRETE,
    ENERGY,
    FASHION,
    RESNET;

    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  @Option(
      names = "--task",
      paramLabel = "NAME",
      split = ",",
      required = true,
      description = "concrete, energy, fashion, resnet.")
  private Set<TaskName> tasks = EnumSet.noneOf(TaskName.class);

  @Option(
      names = "--data",
      paramLabel = "FOLDER",
      defaultValue = ".",
      description = "Where concrete.txt and energy.csv are (default: here).")
  private Path data = Path.of("");

  @Option(
      names = "--images",
      paramLabel = "FOLDER",
      defaultValue = "/usr/share/datasets/fashion-mnist",
      description = "Where Fashion-MNIST's files are (default: ${DEFAULT-VALUE}).")
  private Path images = Path.of("");

  @Option(
      names = "--image-count",
      paramLabel = "N",
      defaultValue = "10000",
      description = "Training images (default: 10000).")
  private int imageCount;

  @Option(
      names = "--sample",
      paramLabel = "N",
      defaultValue = "500",
      description = "Training examples whose response is solved for (default: 500).")
  private int sample;

  @Option(
      names = "--measurements",
      paramLabel = "N",
      defaultValue = "10",
      description = "Test examples whose loss is measured (default: 10).")
  private int measurements;

  @Option(
      names = "--method",
      paramLabel = "NAME",
      split = ",",
      defaultValue = "identity,diagonal,kfac,ekfac,lissa,cg,refined",
      description =
          "identity, diagonal, kfac, ekfac, lissa, cg, refined, exact (default: all but exact).")
  private List<Method> methods = List.of();

  @Option(
      names = "--damping-ratio",
      paramLabel = "RATIO",
      defaultValue = "0.1",
      description =
          "lambda by the mean of the Fisher's diagonal over all layers; the same for all methods"
              + " and the truth (default: 0.1).")
  private double dampingRatio;

  @Option(
      names = "--damping",
      paramLabel = "LAMBDA",
      description = "lambda itself, in the place of --damping-ratio.")
  private Optional<Double> absoluteDamping = Optional.empty();

  @Option(
      names = "--epsilon",
      paramLabel = "X",
      defaultValue = "0.1",
      description =
          "Weight added to the example and taken from it, by the weight that it has (default: 0.1).")
  private double relativeEpsilon;

  @Option(
      names = "--steps",
      paramLabel = "N",
      defaultValue = "400",
      description = "Steps of Adam for each response, at first (default: 400).")
  private int steps;

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

  @Option(names = "--seed", defaultValue = "0", description = "Of everything (default: 0).")
  private long seed;

  @Option(names = "--json", paramLabel = "FILE", description = "Also write all numbers here.")
  private Optional<Path> json = Optional.empty();

  /** All that {@code --json} writes of a task. */
  record Report(
      String task,
      long trainingExamples,
      double trainingLoss,
      long parameters,
      double damping,
      double epsilon,
      ResponseStudy.Convergence convergence,
      double responseSeconds,
      long[] sample,
      double[][] truth,
      List<ResponseStudy.Result> results) {}

  @Override
  public Integer call() throws IOException {
    requireAtLeast("--sample", sample, 3);
    requireAtLeast("--measurements", measurements, 1);
    requireAtLeast("--steps", steps, 1);
    requireAtLeast("--image-count", imageCount, 10);
    List<Report> reports = new ArrayList<>();
    for (TaskName name : tasks) {
      try (SmallTasks.Trained trained = train(name)) {
        Report report = evaluate(trained);
        print(report);
        reports.add(report);
      }
    }
    if (json.isPresent()) {
      AtomicFile.write(json.get(), Json.MAPPER.writeValueAsString(reports));
    }
    return 0;
  }

  private static void requireAtLeast(String option, int value, int least) {
    if (value < least) {
      throw new InvalidInputException(option + " is " + value + " but must be at least " + least);
    }
  }

  private SmallTasks.Trained train(TaskName name) {
    SmallTrainer tables = new SmallTrainer(300, 32, 3e-3, 1e-3);
    SmallTrainer pictures = new SmallTrainer(20, 128, 1e-3, 1e-3);
    return switch (name) {
      case CONCRETE ->
          SmallTasks.table("concrete", data.resolve("concrete.txt"), measurements, tables, seed);
      case ENERGY ->
          SmallTasks.table("energy", data.resolve("energy.csv"), measurements, tables, seed);
      case FASHION -> SmallTasks.images(images, imageCount, measurements, pictures, seed);
      case RESNET -> SmallTasks.residual(images, imageCount, 4, measurements, pictures, seed);
    };
  }

  private Report evaluate(SmallTasks.Trained trained) {
    var task = trained.task();
    double damping =
        absoluteDamping.orElseGet(() -> ResponseStudy.damping(task, dampingRatio, seed));
    double epsilon = relativeEpsilon / task.training().size();
    ProximalBregman.Settings settings =
        new ProximalBregman.Settings(epsilon, damping, 1024, steps, rate, tolerance, 3, seed);
    long start = System.nanoTime();
    ResponseStudy study = ResponseStudy.of(task, sample, settings, new ConsoleProgress());
    double seconds = (System.nanoTime() - start) / 1e9;
    List<ResponseStudy.Result> results = new ArrayList<>();
    for (Method method : methods) {
      results.add(study.test(method, Method.Effort.DEFAULT));
    }
    return new Report(
        task.name(),
        task.training().size(),
        trained.loss(),
        task.layers().stream().mapToLong(l -> l.shape().elements()).sum(),
        damping,
        epsilon,
        study.convergence(),
        seconds,
        study.places(),
        study.truth(),
        results);
  }

  private static void print(Report report) {
    System.out.printf(
        Locale.ROOT,
        "%n%s: %,d training examples, %,d parameters, training loss %.4g, lambda %.3g, epsilon %.3g%n"
            + "%d responses in %.0f s: gradient left %.2g of the example's (worst %.2g),"
            + " not linear in epsilon %.2g%n%n",
        report.task,
        report.trainingExamples,
        report.parameters,
        report.trainingLoss,
        report.damping,
        report.epsilon,
        report.sample.length,
        report.responseSeconds,
        report.convergence.gradient(),
        report.convergence.worstGradient(),
        report.convergence.curvature());
    System.out.println("| method | Pearson | 95% | Spearman | 95% | fit, s | measure, s |");
    System.out.println("|---|---|---|---|---|---|---|");
    for (ResponseStudy.Result r : report.results) {
      System.out.printf(
          Locale.ROOT,
          "| %s | %.3f | %.3f to %.3f | %.3f | %.3f to %.3f | %.2f | %.2f |%n",
          r.method(),
          r.agreement().pearson().mean(),
          r.agreement().pearson().low(),
          r.agreement().pearson().high(),
          r.agreement().spearman().mean(),
          r.agreement().spearman().low(),
          r.agreement().spearman().high(),
          r.prepareSeconds(),
          r.solveSeconds());
    }
  }
}
