package dev.whence.lab.retraining;

import dev.whence.lab.data.Dataset;
import dev.whence.lab.data.ExampleSet;
import dev.whence.lab.data.Measurement;
import dev.whence.lab.model.SmallModel;
import dev.whence.lab.training.SmallTrainer;
import java.util.function.LongFunction;

/**
 * Trains small models on a table or images in memory, which belong to the recipe.
 *
 * @param name of the task, its data and everything else that decides the numbers
 * @param untrained a new model for a seed, which the caller closes
 * @param measurement that is made on each query
 */
public record TableRecipe(
    String name,
    LongFunction<SmallModel> untrained,
    Dataset training,
    Dataset queries,
    Measurement measurement,
    SmallTrainer trainer)
    implements Recipe, AutoCloseable {
  @Override
  public String identity() {
    try (SmallModel any = untrained.apply(0)) {
      return "%s, %s, %s, layers %s, data %s and %s, %s"
          .formatted(
              name,
              training.features().type(),
              trainer,
              any.linears().stream().map(l -> l.outputs() + "x" + l.inputs()).toList(),
              training.hash(),
              queries.hash(),
              measurement);
    }
  }

  @Override
  public long size() {
    return training.size();
  }

  /** The queries as examples whose log-likelihood is the measurement. */
  public ExampleSet measured() {
    return measurement.of(queries);
  }

  /** A model trained on some examples; the caller closes it. */
  public SmallModel train(long[] places, long seed) {
    SmallModel model = untrained.apply(seed);
    try {
      trainer.train(model, model.linears(), training, places, seed);
      return model;
    } catch (RuntimeException e) {
      model.close();
      throw e;
    }
  }

  @Override
  public double[] measure(long[] places, long seed) {
    try (SmallModel model = train(places, seed)) {
      return measured().logLikelihoods(model);
    }
  }

  @Override
  public void close() {
    training.close();
    queries.close();
  }
}
