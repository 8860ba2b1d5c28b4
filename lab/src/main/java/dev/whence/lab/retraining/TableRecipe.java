package dev.whence.lab.retraining;

import dev.whence.lab.data.ExampleSet;
import dev.whence.lab.model.SmallModel;
import dev.whence.lab.training.SmallTrainer;
import dev.whence.model.Examples;
import dev.whence.model.Model;
import dev.whence.model.Tap;
import dev.whence.tensor.Scope;
import java.util.function.LongFunction;
import java.util.stream.LongStream;

/**
 * Small models in memory.
 *
 * @param name of the task, its data and everything else that decides the numbers
 * @param untrained a new model for a seed; closed after use
 */
public record TableRecipe(
    String name,
    LongFunction<SmallModel> untrained,
    ExampleSet training,
    ExampleSet asked,
    SmallTrainer trainer)
    implements Recipe {
  @Override
  public String identity() {
    return "%s, %d examples, %d measurements, %s"
        .formatted(name, training.size(), asked.size(), trainer);
  }

  @Override
  public long size() {
    return training.size();
  }

  @Override
  public double[] measure(long[] places, long seed) {
    try (Scope _ = Scope.open();
        SmallModel model = untrained.apply(seed)) {
      double _ = trainer.train(model, model.linears(), training, places, seed);
      return logLikelihoods(model, asked);
    }
  }

  /** Of each example. */
  public static double[] logLikelihoods(Model model, ExampleSet asked) {
    try (Scope _ = Scope.open()) {
      Examples all = asked.at(LongStream.range(0, asked.size()).toArray());
      return all.logProbabilities(model.outputs(all.inputs(), Tap.NONE).detach())
          .sum(1)
          .toDoubles();
    }
  }
}
