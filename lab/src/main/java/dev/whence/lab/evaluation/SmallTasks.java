package dev.whence.lab.evaluation;

import dev.whence.lab.data.Dataset;
import dev.whence.lab.data.IdxImages;
import dev.whence.lab.data.Measurement;
import dev.whence.lab.data.NumericTable;
import dev.whence.lab.model.Perceptron;
import dev.whence.lab.model.Perceptron.Nonlinearity;
import dev.whence.lab.model.ResNet;
import dev.whence.lab.model.SmallModel;
import dev.whence.lab.retraining.TableRecipe;
import dev.whence.lab.training.SmallTrainer;
import dev.whence.tensor.DType;
import java.nio.file.Path;
import java.util.List;
import java.util.function.LongFunction;
import java.util.stream.LongStream;

/** The paper's small tasks: tables and images, with models that are trained for an evaluation. */
public final class SmallTasks {
  private static final double TEST_SHARE = 0.1;

  /** How many classes Fashion-MNIST has. */
  public static final int CLASSES = 10;

  private static final int BATCH = 256;

  private SmallTasks() {}

  private record Small(Task task, TableRecipe recipe, SmallModel model) implements Subject {
    @Override
    public void close() {
      model.close();
      recipe.close();
    }
  }

  /**
   * Regression on a table: two hidden layers of 128, tanh, in float64.
   *
   * @param measurements how many test rows are queries
   */
  public static TableRecipe table(
      String name,
      Path file,
      int measurements,
      Measurement measurement,
      SmallTrainer trainer,
      long seed) {
    NumericTable table = NumericTable.read(file);
    int features = table.rows()[0].length - 1;
    DType type = DType.FLOAT64;
    try (NumericTable.Split split = table.split(TEST_SHARE, seed, type)) {
      Dataset training = split.training().subset(places(split.training().size()));
      try {
        return new TableRecipe(
            name + ", split by seed " + seed,
            s -> new Perceptron(List.of(features, 128, 128, 1), Nonlinearity.TANH, s, type),
            training,
            split.test().subset(places(Math.min(measurements, split.test().size()))),
            measurement,
            trainer);
      } catch (RuntimeException e) {
        training.close();
        throw e;
      }
    }
  }

  /**
   * Classification of the first images of Fashion-MNIST: two hidden layers of 256, ReLU.
   *
   * @param labels of the training images
   */
  public static TableRecipe perceptron(
      Path folder, int images, int measurements, SmallTrainer trainer, Mislabelled.Labels labels) {
    return images(
        "fashion",
        folder,
        images,
        measurements,
        trainer,
        labels,
        DType.FLOAT64, // responses to examples that are learnt well drown in float32's rounding
        side -> {
          List<Integer> widths = List.of(side * side, 256, 256, CLASSES);
          return seed -> new Perceptron(widths, Nonlinearity.RELU, seed, DType.FLOAT64);
        });
  }

  /** Classification of the first images of Fashion-MNIST: a residual network of 20 layers. */
  public static TableRecipe residual(
      Path folder, int images, int channels, int measurements, SmallTrainer trainer) {
    return images(
        "resnet of " + channels + " channels",
        folder,
        images,
        measurements,
        trainer,
        Mislabelled.Labels.RIGHT,
        DType.FLOAT64,
        side -> seed -> new ResNet(side, channels, 3, CLASSES, seed, DType.FLOAT64));
  }

  /** Makes a model for each seed, given the side of the images in pixels. */
  private interface ModelsOfSide {
    LongFunction<SmallModel> of(int side);
  }

  private static TableRecipe images(
      String name,
      Path folder,
      int images,
      int measurements,
      SmallTrainer trainer,
      Mislabelled.Labels labels,
      DType type,
      ModelsOfSide models) {
    IdxImages all = IdxImages.training(folder);
    Dataset training;
    try (Dataset right = all.first(images, type)) {
      training = right.withClasses(labels.of(right.targets().toLongs()));
    }
    try {
      Dataset queries = IdxImages.test(folder).first(measurements, type);
      return new TableRecipe(
          name, models.of(all.side()), training, queries, Measurement.LOG_LIKELIHOOD, trainer);
    } catch (RuntimeException e) {
      training.close();
      throw e;
    }
  }

  /**
   * Trains on all of a recipe's examples; the subject takes over the recipe.
   *
   * @param draws of targets for each example when a curvature is fitted
   */
  public static Subject trained(TableRecipe recipe, long seed, int draws) {
    try {
      SmallModel model = recipe.train(places(recipe.size()), seed);
      Task task =
          new Task(
              recipe.name(),
              model,
              model.linears(),
              recipe.training(),
              recipe.measured(),
              BATCH,
              draws);
      return new Small(task, recipe, model);
    } catch (RuntimeException e) {
      recipe.close();
      throw e;
    }
  }

  private static long[] places(long size) {
    return LongStream.range(0, size).toArray();
  }
}
