package dev.whence.lab.retraining;

import dev.whence.folder.Hashes;
import dev.whence.lab.data.TokenSequences;
import dev.whence.lab.training.AdamW;
import dev.whence.lab.training.Permutation;
import dev.whence.model.LanguageModel;
import dev.whence.model.Tap;
import dev.whence.tensor.Autograd;
import dev.whence.tensor.DType;
import dev.whence.tensor.Device;
import dev.whence.tensor.Scope;
import dev.whence.tensor.Tensor;
import dev.whence.trace.Examples;
import dev.whence.trace.Targets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/**
 * Trains a language model from random weights: Adam on all parameters, mean cross-entropy over each
 * batch's positions, a learning rate that falls to zero along a cosine.
 *
 * @param config the model's shape
 * @param type of its weights and of all that is computed
 * @param name of the data
 * @param batch sequences of a step
 */
public record LanguageRecipe(
    Path config,
    DType type,
    String name,
    TokenSequences training,
    TokenSequences queries,
    int epochs,
    int batch,
    double rate)
    implements Recipe {
  private static final double WEIGHT_DECAY = 0.1;
  private static final double CLIP = 1;

  @Override
  public String identity() {
    return "%s, %s, %d epochs of batches of %d, rate %s, decay %s, clip %s, model %s, data %s and %s"
        .formatted(
            name,
            type,
            epochs,
            batch,
            rate,
            WEIGHT_DECAY,
            CLIP,
            Hashes.ofFiles(List.of(config)),
            training.hash(),
            queries.hash());
  }

  @Override
  public long size() {
    return training.size();
  }

  @Override
  public double[] measure(long[] places, long seed) {
    try (LanguageModel model = train(places, seed)) {
      return queries.logLikelihoods(model);
    }
  }

  /** A model trained on some sequences; the caller closes it. */
  public LanguageModel train(long[] places, long seed) {
    LanguageModel model = LanguageModel.random(config, seed, type, Device.CPU);
    try (Scope _ = Scope.open()) {
      List<Tensor> parameters =
          model.parameters().values().stream().map(Tensor::requireGradient).toList();
      try (AdamW adam = new AdamW(parameters, WEIGHT_DECAY, CLIP)) {
        long[] order = places.clone();
        Random random = new Random(seed);
        long steps = (long) epochs * Math.ceilDiv(order.length, batch);
        long step = 0;
        for (int epoch = 0; epoch < epochs; epoch++) {
          Permutation.shuffle(order, random);
          for (int from = 0; from < order.length; from += batch, step++) {
            try (Scope _ = Scope.open()) {
              long[] batchPlaces =
                  Arrays.copyOfRange(order, from, Math.min(from + batch, order.length));
              double now = rate * (1 + Math.cos(Math.PI * step / steps)) / 2;
              double norm =
                  adam.step(gradients(model, parameters, training.at(batchPlaces)), step, now);
              if (!Double.isFinite(norm)) {
                throw new ArithmeticException("training diverges at step " + (step + 1));
              }
            }
          }
        }
        parameters.forEach(Tensor::forgetGradient);
        return model;
      }
    } catch (RuntimeException e) {
      model.close();
      throw e;
    }
  }

  private static List<Tensor> gradients(
      LanguageModel model, List<Tensor> parameters, Examples batch) {
    Tensor logits = model.outputs(batch.inputs(), Tap.NONE);
    Tensor gradient = batch.logLikelihoodGradient(logits, new Targets.Given());
    return Autograd.gradients(
        logits, gradient.timesInPlace(-1.0 / batch.realPositions()), parameters);
  }
}
