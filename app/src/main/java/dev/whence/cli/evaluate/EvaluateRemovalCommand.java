package dev.whence.cli.evaluate;

import dev.whence.InvalidInputException;
import dev.whence.Progress;
import dev.whence.cli.ConsoleProgress;
import dev.whence.lab.evaluation.Baseline;
import dev.whence.lab.evaluation.InfluenceMatrix;
import dev.whence.lab.evaluation.LanguageTask;
import dev.whence.lab.evaluation.LexicalScores;
import dev.whence.lab.evaluation.MeanInterval;
import dev.whence.lab.evaluation.Method;
import dev.whence.lab.evaluation.Ranking;
import dev.whence.lab.evaluation.Subject;
import dev.whence.lab.evaluation.Task;
import dev.whence.lab.retraining.Removal;
import dev.whence.search.Bm25;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.stream.LongStream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Training without the most influential examples. */
@Command(
    name = "removal",
    description =
        "Train again without the training examples that a method ranks first for a measurement: how"
            + " much lower is its log-likelihood then?",
    footer = {"", "Example: whence evaluate removal --task dictionary --remove 20,100"},
    mixinStandardHelpOptions = true)
final class EvaluateRemovalCommand implements Callable<Integer> {
  @Spec private CommandSpec spec = CommandSpec.create();
  @Mixin private EvaluationOptions options = new EvaluationOptions();

  @Option(
      names = "--remove",
      paramLabel = "K",
      split = ",",
      description = "How many to leave out, in turn (default: 20,50,100,200, with --quick 20).")
  private Set<Integer> remove = Set.of();

  @Option(
      names = "--seeds",
      paramLabel = "N",
      description =
          "Models for each point, over which the change is averaged (default: 3, quick 1).")
  private Optional<Integer> seeds = Optional.empty();

  @Option(
      names = "--method",
      paramLabel = "NAME",
      split = ",",
      defaultValue = "identity,ekfac",
      description =
          "As for 'evaluate pbrf', beside the baselines, of which BM25 is for the dictionary (default:"
              + " identity,ekfac).")
  private Set<Method> methods = Set.of();

  @Option(names = "--json", paramLabel = "FILE", description = "Also write all numbers here.")
  private Optional<Path> json = Optional.empty();

  /**
   * A ranking's change for one number of removed examples, as {@code --json} has it.
   *
   * @param models how many models each change is averaged over
   * @param changes the change of each measurement
   */
  record RemovalRow(
      String task,
      EvaluationConditions conditions,
      int models,
      String ranking,
      int removed,
      double[] changes,
      MeanInterval mean) {}

  @Override
  public Integer call() throws IOException {
    EvaluationOptions.requireAtLeast("--seeds", seeds, 1);
    for (int count : remove) {
      EvaluationOptions.requireAtLeast("--remove", Optional.of(count), 1);
    }
    EvaluationReport report = new EvaluationReport(spec);
    Set<EvaluationTask> possible =
        EnumSet.of(EvaluationTask.CONCRETE, EvaluationTask.FASHION, EvaluationTask.DICTIONARY);
    for (EvaluationTask name : options.tasks(possible)) {
      try (Subject subject = options.subject(name)) {
        evaluate(name, subject, report);
      }
    }
    return 0;
  }

  private void evaluate(EvaluationTask name, Subject subject, EvaluationReport report)
      throws IOException {
    Task task = subject.task();
    long[] all = LongStream.range(0, task.training().size()).toArray();
    int[] counts = counts(all.length);
    double lambda = options.damping(Optional.empty(), name, task);
    Map<String, double[][]> rankings = rankings(name, subject, lambda, all);
    EvaluationConditions conditions =
        EvaluationConditions.of(subject, lambda, options.effort(name));
    int measurements = (int) task.queries().size();
    long[] each =
        LongStream.range(0, options.number(seeds, "--seeds", 1, 3, 1))
            .map(s -> options.seed() + 1000 + s)
            .toArray();
    long models = each.length * (1L + (long) measurements * counts.length * rankings.size());
    System.out.printf(
        Locale.ROOT,
        "%n%s: %,d training examples; change of %d measurements (%s), the mean over them,"
            + " %d models each, lambda %.3g%n%n",
        task.name(),
        task.training().size(),
        measurements,
        options.measure(),
        each.length,
        lambda);
    EvaluationReport.head("left out first", "how many", "change");
    try (Progress.Stage stage = new ConsoleProgress().begin("training again", models, "models")) {
      double[] whole = new double[measurements];
      for (long seed : each) {
        double[] measured = subject.recipe().measure(all, seed);
        Arrays.setAll(whole, q -> whole[q] + measured[q] / each.length);
        stage.advance(1);
      }
      for (Map.Entry<String, double[][]> ranking : rankings.entrySet()) {
        double[][] changes = new double[counts.length][measurements];
        for (int q = 0; q < measurements; q++) {
          List<Removal.Point> points =
              Removal.of(
                  subject.recipe(),
                  Ranking.of(ranking.getValue()[q]),
                  counts,
                  q,
                  whole[q],
                  each,
                  stage);
          for (int k = 0; k < counts.length; k++) {
            changes[k][q] = points.get(k).change();
          }
        }
        for (int k = 0; k < counts.length; k++) {
          MeanInterval mean = MeanInterval.of(changes[k]);
          report.add(
              new RemovalRow(
                  task.name(),
                  conditions,
                  each.length,
                  ranking.getKey(),
                  counts[k],
                  changes[k],
                  mean));
          EvaluationReport.row(ranking.getKey(), "" + counts[k], EvaluationReport.cell(mean));
        }
        report.write(json); // each ranking takes long
      }
    }
  }

  private int[] counts(int examples) {
    int[] counts =
        remove.isEmpty()
            ? options.quick() ? new int[] {20} : new int[] {20, 50, 100, 200}
            : remove.stream().mapToInt(k -> k).toArray();
    for (int count : counts) {
      if (count < 1 || count > examples / 2) {
        throw new InvalidInputException(
            "--remove has %d but must be from 1 to half of the %,d training examples"
                .formatted(count, examples));
      }
    }
    return counts;
  }

  private Map<String, double[][]> rankings(
      EvaluationTask name, Subject subject, double lambda, long[] all) {
    Task task = subject.task();
    Map<String, double[][]> rankings = new LinkedHashMap<>();
    if (subject instanceof LanguageTask language) {
      rankings.put("bm25", LexicalScores.of(language.recipe(), Bm25.PLAIN));
    }
    for (Baseline baseline : Baseline.values()) {
      rankings.put(baseline.toString(), baseline.scores(task, all, options.seed()));
    }
    for (Method method : methods) {
      try (Method.Prepared prepared =
          method.prepare(task, lambda, options.effort(name), Progress.NONE)) {
        rankings.put(method.toString(), InfluenceMatrix.of(task, prepared.solver(), all));
      } catch (ArithmeticException | InvalidInputException e) {
        System.out.println("left out " + method + ": " + e.getMessage());
      }
    }
    return rankings;
  }
}
