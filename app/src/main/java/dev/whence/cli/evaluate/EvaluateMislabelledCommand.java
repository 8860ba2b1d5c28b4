package dev.whence.cli.evaluate;

import dev.whence.InvalidInputException;
import dev.whence.lab.evaluation.Mislabelled;
import dev.whence.lab.evaluation.SmallTasks;
import dev.whence.lab.evaluation.Subject;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Wrong labels, found by self-influence. */
@Command(
    name = "mislabelled",
    description =
        "Give some training images a wrong label, train, and look through the images from the largest"
            + " self-influence down: how many of the wrong labels are found how soon?",
    footer = {"", "Example: whence evaluate mislabelled --task fashion --image-count 5000"},
    mixinStandardHelpOptions = true)
final class EvaluateMislabelledCommand implements Callable<Integer> {
  private static final double[] INSPECTED = {0.05, 0.1, 0.2, 0.3, 0.5};

  @Spec private CommandSpec spec = CommandSpec.create();
  @Mixin private EvaluationOptions options = new EvaluationOptions();

  @Option(
      names = "--wrong",
      paramLabel = "SHARE",
      defaultValue = "0.1",
      description = "Share of the labels that are wrong (default: 0.1).")
  private double wrong;

  @Option(names = "--json", paramLabel = "FILE", description = "Also write all numbers here.")
  private Optional<Path> json = Optional.empty();

  /** A method's result, as {@code --json} has it. */
  record MislabelledResult(String task, EvaluationConditions conditions, Mislabelled.Curve curve) {}

  @Override
  public Integer call() throws IOException {
    if (!(wrong > 0)) {
      throw new InvalidInputException("--wrong is " + wrong + " but must be more than 0");
    }
    Mislabelled.Labels labels = new Mislabelled.Labels(wrong, SmallTasks.CLASSES, options.seed());
    EvaluationReport report = new EvaluationReport(spec);
    for (EvaluationTask name : options.tasks(EnumSet.of(EvaluationTask.FASHION))) {
      try (Subject subject = options.subject(labels)) {
        Set<Long> places = labels.wrongOf(subject.task().training().size());
        if (places.isEmpty()) {
          throw new InvalidInputException(
              "--wrong is %s, which is no label of %,d; take more"
                  .formatted(wrong, subject.task().training().size()));
        }
        double lambda = options.damping(Optional.empty(), name, subject.task());
        List<Mislabelled.Curve> curves =
            Mislabelled.curves(subject.task(), places, INSPECTED, lambda, options.seed());
        print(subject, curves);
        EvaluationConditions conditions =
            EvaluationConditions.of(subject, lambda, options.effort(name));
        curves.forEach(
            curve -> report.add(new MislabelledResult(subject.task().name(), conditions, curve)));
      }
      report.write(json);
    }
    return 0;
  }

  private void print(Subject subject, List<Mislabelled.Curve> curves) {
    System.out.printf(
        Locale.ROOT,
        "%n%s: %,d training examples, %.0f%% with a wrong label; the share of those that is found by"
            + " the share that is looked at%n%n",
        subject.task().name(),
        subject.task().training().size(),
        100 * wrong);
    EvaluationReport.head(
        Stream.concat(
                Stream.of("method"),
                Arrays.stream(INSPECTED).mapToObj(EvaluateMislabelledCommand::percent))
            .toArray(String[]::new));
    for (Mislabelled.Curve curve : curves) {
      EvaluationReport.row(
          Stream.concat(
                  Stream.of(curve.method()),
                  Arrays.stream(curve.found()).mapToObj(EvaluateMislabelledCommand::percent))
              .toArray(String[]::new));
    }
  }

  private static String percent(double share) {
    return String.format(Locale.ROOT, "%.0f%%", 100 * share);
  }
}
