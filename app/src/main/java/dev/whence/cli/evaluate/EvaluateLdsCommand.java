package dev.whence.cli.evaluate;

import dev.whence.InvalidInputException;
import dev.whence.Progress;
import dev.whence.cli.ConsoleProgress;
import dev.whence.lab.data.Measurement;
import dev.whence.lab.evaluation.Agreement;
import dev.whence.lab.evaluation.Baseline;
import dev.whence.lab.evaluation.DatamodelingScore;
import dev.whence.lab.evaluation.InfluenceMatrix;
import dev.whence.lab.evaluation.LanguageTask;
import dev.whence.lab.evaluation.LexicalScores;
import dev.whence.lab.evaluation.Method;
import dev.whence.lab.evaluation.Subject;
import dev.whence.lab.evaluation.Task;
import dev.whence.lab.retraining.SubsetBank;
import dev.whence.search.Bm25;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.function.Function;
import java.util.stream.LongStream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Influence against retraining on random halves of the data. */
@Command(
    name = "lds",
    description =
        "Train many models on random halves of the data: does the sum of a half's influences say how"
            + " well a model does that is trained on it? (the linear datamodeling score: Spearman's"
            + " correlation over the halves)",
    footer = {
      "",
      "Example: whence evaluate lds --task concrete --data uci --bank bank",
      "The bank keeps what every model measured; a run that was cut off goes on with it."
    },
    mixinStandardHelpOptions = true)
final class EvaluateLdsCommand implements Callable<Integer> {
  @Spec private CommandSpec spec = CommandSpec.create();
  @Mixin private EvaluationOptions options = new EvaluationOptions();

  @Option(
      names = "--subsets",
      paramLabel = "N",
      description = "Halves (default: 100, dictionary 50, with --quick 6).")
  private Optional<Integer> subsets = Optional.empty();

  @Option(
      names = "--seeds",
      paramLabel = "N",
      description = "Models for each half (default: 3, with --quick 1).")
  private Optional<Integer> seeds = Optional.empty();

  @Option(
      names = "--models",
      paramLabel = "N",
      description =
          "Models trained on all data from different starts, over which influences are averaged"
              + " (default: 1).")
  private Optional<Integer> models = Optional.empty();

  @Option(
      names = "--method",
      paramLabel = "NAME",
      split = ",",
      defaultValue = "identity,diagonal,kfac,ekfac,lissa,cg,refined",
      description = "As for 'evaluate pbrf' (default: all but exact).")
  private Set<Method> methods = Set.of();

  @Option(
      names = "--damping",
      paramLabel = "LAMBDA",
      description = "The same for all methods (default: 0.001, dictionary as in 'evaluate pbrf').")
  private Optional<Double> damping = Optional.empty();

  @Option(
      names = "--bank",
      paramLabel = "FOLDER",
      defaultValue = "bank",
      description = "Where the models' measurements are kept (default: bank).")
  private Path bank = Path.of("");

  @Option(names = "--json", paramLabel = "FILE", description = "Also write all numbers here.")
  private Optional<Path> json = Optional.empty();

  /**
   * What all methods share.
   *
   * @param seeds models of each half
   * @param models over which influences are averaged
   * @param measurement of the test examples
   */
  record Setting(
      String task,
      EvaluationConditions conditions,
      int subsets,
      int seeds,
      int models,
      Measurement measurement) {}

  /** A method's result, as {@code --json} has it. */
  record LdsRow(Setting setting, String method, Agreement agreement) {}

  @Override
  public Integer call() throws IOException {
    EvaluationOptions.requireAtLeast("--subsets", subsets, 3);
    EvaluationOptions.requireAtLeast("--seeds", seeds, 1);
    EvaluationOptions.requireAtLeast("--models", models, 1);
    EvaluationReport report = new EvaluationReport(spec);
    Set<EvaluationTask> possible =
        EnumSet.of(EvaluationTask.CONCRETE, EvaluationTask.FASHION, EvaluationTask.DICTIONARY);
    Set<EvaluationTask> tasks = options.tasks(possible);
    Files.createDirectories(bank);
    for (EvaluationTask name : tasks) {
      List<Subject> subjects = new ArrayList<>();
      try {
        for (int m = 0; m < options.number(models, "--models", 1, 1, 1); m++) {
          subjects.add(options.subject(name, options.seed() + m));
        }
        evaluate(name, subjects).forEach(report::add);
        report.write(json);
      } finally {
        subjects.forEach(Subject::close);
      }
    }
    return 0;
  }

  private List<LdsRow> evaluate(EvaluationTask name, List<Subject> subjects) {
    Task task = subjects.getFirst().task();
    double lambda = options.damping(damping, name, task);
    int halves =
        options.number(subsets, "--subsets", 3, name == EvaluationTask.DICTIONARY ? 50 : 100, 6);
    int each = options.number(seeds, "--seeds", 1, 3, 1);
    SubsetBank halfModels =
        SubsetBank.of(
            subjects.getFirst().recipe(),
            halves,
            each,
            options.seed(),
            bank.resolve(name + ".json"),
            new ConsoleProgress());
    System.out.printf(
        Locale.ROOT,
        "%n%s: %d halves of %,d training examples, %d models each, %d measurements; influences of %d"
            + " models, lambda %.3g%n%n",
        task.name(),
        halves,
        task.training().size(),
        each,
        task.queries().size(),
        subjects.size(),
        lambda);
    EvaluationReport.head("method", "LDS (Spearman)", "Pearson");
    Setting setting =
        new Setting(
            task.name(),
            EvaluationConditions.of(subjects.getFirst(), lambda, options.effort(name)),
            halves,
            each,
            subjects.size(),
            options.measure());
    long[] all = LongStream.range(0, task.training().size()).toArray();
    List<LdsRow> rows = new ArrayList<>();
    if (each > 1) {
      rows.add(row(setting, "attainable", DatamodelingScore.ceiling(halfModels)));
    }
    if (subjects.getFirst() instanceof LanguageTask language) {
      double[][] scores = LexicalScores.of(language.recipe(), Bm25.PLAIN);
      rows.add(row(setting, "bm25", DatamodelingScore.of(halfModels, scores)));
    }
    for (Baseline baseline : Baseline.values()) {
      double[][] scores = mean(subjects, trained -> baseline.scores(trained, all, options.seed()));
      rows.add(row(setting, baseline.toString(), DatamodelingScore.of(halfModels, scores)));
    }
    for (Method method : methods) {
      try {
        double[][] scores =
            mean(
                subjects,
                trained -> influences(trained, method, lambda, options.effort(name), all));
        rows.add(row(setting, method.toString(), DatamodelingScore.of(halfModels, scores)));
      } catch (ArithmeticException | InvalidInputException e) {
        EvaluationReport.row(method.toString(), String.valueOf(e.getMessage()), "");
      }
    }
    return rows;
  }

  private static double[][] influences(
      Task task, Method method, double lambda, Method.Effort effort, long[] places) {
    try (Method.Prepared prepared = method.prepare(task, lambda, effort, Progress.NONE)) {
      return InfluenceMatrix.of(task, prepared.solver(), places);
    }
  }

  /** The mean of the models' scores: [measurements][examples]. */
  private static double[][] mean(List<Subject> subjects, Function<Task, double[][]> scores) {
    return InfluenceMatrix.mean(
        subjects.stream().map(subject -> scores.apply(subject.task())).toList());
  }

  private static LdsRow row(Setting setting, String method, Agreement agreement) {
    EvaluationReport.row(
        method,
        EvaluationReport.cell(agreement.spearman()),
        EvaluationReport.cell(agreement.pearson()));
    return new LdsRow(setting, method, agreement);
  }
}
