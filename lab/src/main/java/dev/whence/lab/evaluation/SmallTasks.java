package dev.whence.lab.evaluation;

import dev.whence.lab.data.Dataset;
import dev.whence.lab.data.IdxImages;
import dev.whence.lab.data.NumericTable;
import dev.whence.lab.model.Perceptron;
import dev.whence.lab.model.Perceptron.Nonlinearity;
import dev.whence.lab.model.ResNet;
import dev.whence.lab.model.SmallModel;
import dev.whence.lab.training.SmallTrainer;
import dev.whence.tensor.DType;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.LongStream;

/** The paper's small tasks: tables and images, with models that are trained here and now. */
public final class SmallTasks {
  private static final double TEST_SHARE = 0.1;
  private static final int CLASSES = 10;
  private static final int BATCH = 256;

  private SmallTasks() {}

  /**
   * A task whose model and data are gone when this is closed.
   *
   * @param loss the mean training loss of the last epoch
   */
  public record Trained(Task task, double loss, SmallModel model, Dataset training, Dataset asked)
      implements AutoCloseable {
    @Override
    public void close() {
      model.close();
      training.close();
      asked.close();
    }
  }

  /**
   * Regression on a table: two hidden layers of 128, tanh, in float64.
   *
   * @param measurements test rows that are asked about
   */
  public static Trained table(
      String name, Path file, int measurements, SmallTrainer trainer, long seed) {
    NumericTable table = NumericTable.read(file);
    DType type = DType.FLOAT64;
    try (NumericTable.Split split = table.split(TEST_SHARE, seed, type)) {
      int features = table.rows()[0].length - 1;
      Perceptron model =
          new Perceptron(List.of(features, 128, 128, 1), Nonlinearity.TANH, seed, type);
      Dataset training = split.training().some(places(split.training().size()));
      Dataset asked = split.test().some(places(Math.min(measurements, split.test().size())));
      return trained(name, model, training, asked, trainer, seed);
    }
  }

  /** Fashion-MNIST, the first images of it: two hidden layers of 256, ReLU. */
  public static Trained images(
      Path folder, int images, int measurements, SmallTrainer trainer, long seed) {
    IdxImages training = IdxImages.training(folder);
    int pixels = training.side() * training.side();
    Perceptron model =
        new Perceptron(List.of(pixels, 256, 256, CLASSES), Nonlinearity.RELU, seed, DType.FLOAT32);
    return images("fashion", model, folder, training, images, measurements, trainer, seed);
  }

  /** The same with a residual network of 20 layers. */
  public static Trained residual(
      Path folder, int images, int channels, int measurements, SmallTrainer trainer, long seed) {
    IdxImages training = IdxImages.training(folder);
    ResNet model = new ResNet(training.side(), channels, 3, CLASSES, seed, DType.FLOAT32);
    return images("resnet", model, folder, training, images, measurements, trainer, seed);
  }

  private static Trained images(
      String name,
      SmallModel model,
      Path folder,
      IdxImages training,
      int images,
      int measurements,
      SmallTrainer trainer,
      long seed) {
    Dataset data = training.first(images, DType.FLOAT32);
    Dataset asked = IdxImages.test(folder).first(measurements, DType.FLOAT32);
    return trained(name, model, data, asked, trainer, seed);
  }

  private static Trained trained(
      String name,
      SmallModel model,
      Dataset training,
      Dataset asked,
      SmallTrainer trainer,
      long seed) {
    Task task = new Task(name, model, model.linears(), training, asked, BATCH);
    double loss = trainer.train(model, model.linears(), training, places(training.size()), seed);
    return new Trained(task, loss, model, training, asked);
  }

  private static long[] places(long size) {
    return LongStream.range(0, size).toArray();
  }
}
