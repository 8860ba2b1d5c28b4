package dev.whence.lab.evaluation;

import dev.whence.lab.retraining.LanguageRecipe;
import dev.whence.model.LanguageModel;
import dev.whence.model.LayerSelection;
import java.util.stream.LongStream;

/** A language model trained for an evaluation; its MLP layers count as the parameters. */
public record LanguageTask(Task task, LanguageRecipe recipe, LanguageModel model)
    implements Subject {
  private static final int BATCH = 32;

  /**
   * Trains on all of a recipe's sequences.
   *
   * @param draws of targets for each sequence when a curvature is fitted
   */
  public static LanguageTask trained(LanguageRecipe recipe, long seed, int draws) {
    LanguageModel model = recipe.train(LongStream.range(0, recipe.size()).toArray(), seed);
    Task task =
        new Task(
            recipe.name(),
            model,
            LayerSelection.MLP.of(model),
            recipe.training(),
            recipe.queries(),
            BATCH,
            draws);
    return new LanguageTask(task, recipe, model);
  }

  @Override
  public void close() {
    model.close();
  }
}
