package dev.whence.cli.evaluate;

import dev.whence.InvalidInputException;
import dev.whence.cli.HomeFolder;
import dev.whence.corpus.Tokenizer;
import dev.whence.curvature.Damping;
import dev.whence.lab.data.Measurement;
import dev.whence.lab.evaluation.DictionaryTask;
import dev.whence.lab.evaluation.LanguageTask;
import dev.whence.lab.evaluation.Method;
import dev.whence.lab.evaluation.Mislabelled;
import dev.whence.lab.evaluation.ResponseStudy;
import dev.whence.lab.evaluation.SmallTasks;
import dev.whence.lab.evaluation.Subject;
import dev.whence.lab.evaluation.Task;
import dev.whence.lab.retraining.TableRecipe;
import dev.whence.lab.training.SmallTrainer;
import dev.whence.model.LanguageModel;
import dev.whence.tensor.DType;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import picocli.CommandLine.Option;

/** Which tasks, where their data are, and how much of it. */
final class EvaluationOptions {
  /** Where Fashion-MNIST is looked for unless an option says otherwise. */
  static final String IMAGES = "${env:WHENCE_FASHION_MNIST:-/usr/share/datasets/fashion-mnist}";

  /** The paper's damping, for all of its small tasks. */
  private static final double DAMPING = 0.001;

  private static final double DICTIONARY_DAMPING_RATIO = 0.1;

  @Option(
      names = "--task",
      paramLabel = "NAME",
      split = ",",
      description =
          "concrete, energy, fashion, resnet, dictionary (default: all whose data are there).")
  private Set<EvaluationTask> tasks = EnumSet.noneOf(EvaluationTask.class);

  @Option(
      names = "--data",
      paramLabel = "FOLDER",
      defaultValue = ".",
      description = "Where UCI's concrete.txt and energy.csv are (default: here).")
  private Path data = Path.of("");

  @Option(
      names = "--images",
      paramLabel = "FOLDER",
      defaultValue = IMAGES,
      description =
          "Where Fashion-MNIST's files are (default: $WHENCE_FASHION_MNIST, else where Debian's package"
              + " dataset-fashion-mnist puts them).")
  private Path images = Path.of("");

  @Option(
      names = "--image-count",
      paramLabel = "N",
      description = "Training images (default: 2000, with --quick 500).")
  private Optional<Integer> imageCount = Optional.empty();

  @Option(
      names = "--channels",
      paramLabel = "N",
      defaultValue = "4",
      description = "Of the residual network's first stage; 16 in the paper (default: 4).")
  private int channels;

  @Option(
      names = "--entries",
      paramLabel = "N",
      description =
          "Training entries of the dictionary (default: 2000, for 'pbrf' 150, with --quick 100).")
  private Optional<Integer> entries = Optional.empty();

  @Option(
      names = "--shape",
      paramLabel = "FILE",
      description =
          "Of the dictionary's language model: a config.json for its tokens (default: half a million"
              + " parameters; for 'pbrf' 150,000, of which the exact inverse can be had).")
  private Optional<Path> shape = Optional.empty();

  @Option(
      names = "--measurements",
      paramLabel = "N",
      description =
          "Test examples whose log-likelihood is measured (default: 10, dictionary 5, with --quick 3).")
  private Optional<Integer> measurements = Optional.empty();

  @Option(
      names = "--measure",
      paramLabel = "WHAT",
      defaultValue = "log-likelihood",
      description =
          "Of tables, what is measured on a test row: log-likelihood or output, the prediction"
              + " (default: log-likelihood).")
  private Measurement measure = Measurement.LOG_LIKELIHOOD;

  @Option(
      names = "--epochs",
      paramLabel = "N",
      description =
          "Of training (default: 300 for tables, 20 for fashion, 10 for resnet, 4 for the"
              + " dictionary, for 'pbrf' 8; with --quick 30, 10, 2 and 3).")
  private Optional<Integer> epochs = Optional.empty();

  @Option(
      names = "--draws",
      paramLabel = "N",
      description =
          "Targets drawn for each example when a curvature is fitted (default: 10 for images, else 1;"
              + " with --quick 1).")
  private Optional<Integer> draws = Optional.empty();

  @Option(names = "--seed", defaultValue = "0", description = "Of everything (default: 0).")
  private long seed;

  @Option(
      names = "--quick",
      description = "Small data and few repetitions: to see that it works, not to learn from.")
  private boolean quick;

  Measurement measure() {
    return measure;
  }

  long seed() {
    return seed;
  }

  boolean quick() {
    return quick;
  }

  /** An option's number, or its default in a full or a quick run. */
  int number(Optional<Integer> given, String option, int least, int full, int small) {
    requireAtLeast(option, given, least);
    return given.orElse(quick ? small : full);
  }

  /**
   * Checks a number, if it is given.
   *
   * @throws InvalidInputException naming the option, when it is too small
   */
  static void requireAtLeast(String option, Optional<Integer> given, int least) {
    if (given.isPresent() && given.get() < least) {
      throw new InvalidInputException(
          option + " is " + given.get() + " but must be at least " + least);
    }
  }

  /** The given damping, or the task's default, in the unit of the task's curvature. */
  double damping(Optional<Double> given, EvaluationTask name, Task task) {
    if (given.isPresent()) {
      return new Damping.Absolute(given.get()).value();
    }
    return name == EvaluationTask.DICTIONARY
        ? ResponseStudy.damping(task, DICTIONARY_DAMPING_RATIO, seed)
        : DAMPING;
  }

  /** How far iterative methods go. */
  Method.Effort effort(EvaluationTask name) {
    Method.Effort quickly =
        name == EvaluationTask.DICTIONARY ? Method.Effort.LEAST : Method.Effort.QUICK;
    Method.Effort fully =
        switch (name) {
          case CONCRETE, ENERGY -> Method.Effort.DEFAULT;
          case FASHION -> Method.Effort.IMAGES;
          case RESNET, DICTIONARY -> Method.Effort.SLOW;
        };
    return (quick ? quickly : fully).withSeed(seed);
  }

  /**
   * The tasks that were asked for, or those of {@code possible} whose data are there; says which
   * are left out. Options are checked before any data is looked for.
   *
   * @throws InvalidInputException when one that was asked for is not possible, or when none has its
   *     data
   */
  Set<EvaluationTask> tasks(Set<EvaluationTask> possible) {
    requireAtLeast("--measurements", measurements, 1);
    requireAtLeast("--image-count", imageCount, 10);
    requireAtLeast("--entries", entries, 10);
    requireAtLeast("--epochs", epochs, 1);
    requireAtLeast("--draws", draws, 1);
    requireAtLeast("--channels", Optional.of(channels), 1);
    for (EvaluationTask task : tasks) {
      if (!possible.contains(task)) {
        throw new InvalidInputException("--task " + task + " is not among " + possible);
      }
    }
    if (measure == Measurement.OUTPUT
        && (tasks.isEmpty() || !EvaluationTask.TABLES.containsAll(tasks))) {
      throw new InvalidInputException(
          "--measure output is for tables; give --task " + EvaluationTask.TABLES);
    }
    if (!tasks.isEmpty()) {
      return tasks;
    }
    Set<EvaluationTask> there = EnumSet.noneOf(EvaluationTask.class);
    List<String> leftOut = new ArrayList<>();
    for (EvaluationTask task : possible) {
      Path needed = needed(task);
      if (quick && task == EvaluationTask.RESNET) {
        leftOut.add(task + ": it is not quick; ask for it with --task " + task);
      } else if (Files.exists(needed)) {
        there.add(task);
      } else {
        leftOut.add(task + ": there is no " + needed);
      }
    }
    if (there.isEmpty()) {
      throw new InvalidInputException(
          "there is nothing to evaluate (%s); say where the data are with --data or --images"
              .formatted(String.join("; ", leftOut)));
    }
    leftOut.forEach(task -> System.out.println("left out " + task));
    return there;
  }

  private Path needed(EvaluationTask task) {
    return switch (task) {
      case CONCRETE -> data.resolve("concrete.txt");
      case ENERGY -> data.resolve("energy.csv");
      case FASHION, RESNET -> images;
      case DICTIONARY -> HomeFolder.dictionaryModel();
    };
  }

  /** Reads a task's data and trains its model; the caller closes it. */
  Subject subject(EvaluationTask task) {
    return subject(task, seed);
  }

  /**
   * Reads a task's data and trains its model, for the dictionary one that is small enough for the
   * exact inverse; the caller closes it.
   */
  Subject smallSubject(EvaluationTask task) {
    return task == EvaluationTask.DICTIONARY ? dictionary(seed, Part.SMALL) : subject(task);
  }

  /** Reads a task's data and trains its model from another initialisation; the caller closes it. */
  Subject subject(EvaluationTask task, long modelSeed) {
    return task == EvaluationTask.DICTIONARY
        ? dictionary(modelSeed, Part.LARGE)
        : SmallTasks.trained(recipe(task, Mislabelled.Labels.RIGHT), modelSeed, draws(task));
  }

  /**
   * Reads the images, makes some of their labels wrong and trains a model; the caller closes it.
   */
  Subject subject(Mislabelled.Labels labels) {
    EvaluationTask task = EvaluationTask.FASHION;
    return SmallTasks.trained(recipe(task, labels), seed, draws(task));
  }

  private int draws(EvaluationTask task) {
    boolean pictures = task == EvaluationTask.FASHION || task == EvaluationTask.RESNET;
    return number(draws, "--draws", 1, pictures ? 10 : 1, 1);
  }

  private TableRecipe recipe(EvaluationTask task, Mislabelled.Labels labels) {
    int measurementCount = number(measurements, "--measurements", 1, 10, 3);
    int pictures = number(imageCount, "--image-count", 10, 2_000, 500);
    return switch (task) {
      case CONCRETE, ENERGY ->
          SmallTasks.table(
              task.toString(),
              needed(task),
              measurementCount,
              measure,
              new SmallTrainer(number(epochs, "--epochs", 1, 300, 30), 32, 3e-3, 1e-3),
              seed);
      case FASHION ->
          SmallTasks.perceptron(
              images,
              pictures,
              measurementCount,
              new SmallTrainer(number(epochs, "--epochs", 1, 20, 10), 128, 1e-3, 1e-3),
              labels);
      case RESNET ->
          SmallTasks.residual(
              images,
              pictures,
              channels,
              measurementCount,
              new SmallTrainer(number(epochs, "--epochs", 1, 10, 2), 64, 3e-3, 1e-3));
      case DICTIONARY -> throw new IllegalArgumentException("no table");
    };
  }

  /** The defaults of the dictionary's entries and of the language model trained on them. */
  private record Part(String shape, DType type, int entries, int epochs) {
    /** The usual model; training for longer makes test entries less likely. */
    static final Part LARGE = new Part("sister", DType.FLOAT32, 2_000, 4);

    /**
     * A model whose exact inverse takes minutes; float64 tells its responses from rounding errors.
     */
    static final Part SMALL = new Part("smallest", DType.FLOAT64, 150, 8);
  }

  private Subject dictionary(long modelSeed, Part usual) {
    Path folder = HomeFolder.dictionaryModel();
    try (Tokenizer tokenizer = Tokenizer.load(folder.resolve(LanguageModel.TOKENIZER_FILE))) {
      return LanguageTask.trained(
          DictionaryTask.recipe(
              shape.orElse(folder.resolve(usual.shape).resolve(LanguageModel.CONFIG_FILE)),
              usual.type,
              tokenizer,
              number(entries, "--entries", 10, usual.entries, 100),
              number(measurements, "--measurements", 1, 5, 3),
              number(epochs, "--epochs", 1, usual.epochs, 3),
              seed),
          modelSeed,
          draws(EvaluationTask.DICTIONARY));
    }
  }
}
