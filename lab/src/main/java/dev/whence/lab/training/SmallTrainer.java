package dev.whence.lab.training;

import dev.whence.lab.data.ExampleSet;
import dev.whence.model.Linear;
import dev.whence.model.Model;
import dev.whence.tensor.Scope;
import dev.whence.tensor.Tensor;
import dev.whence.trace.Examples;
import dev.whence.trace.Linearization;
import dev.whence.trace.Targets;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/**
 * Trains some layers of a model on examples in memory: Adam with decoupled weight decay on the mean
 * loss of each batch, with a learning rate that falls to zero along a cosine.
 *
 * @param weightDecay of all weights, biases included
 */
public record SmallTrainer(int epochs, int batch, double rate, double weightDecay) {
  /**
   * Trains the model in place.
   *
   * @param places of the training examples among the set's
   * @param seed of their order
   * @throws ArithmeticException when it diverges
   */
  public void train(Model model, List<Linear> layers, ExampleSet set, long[] places, long seed) {
    long[] order = places.clone();
    Random random = new Random(seed);
    long steps = (long) epochs * Math.ceilDiv(order.length, batch);
    try (Scope _ = Scope.open()) {
      List<Tensor> weights = layers.stream().map(Linear::matrix).toList();
      try (AdamW adam = new AdamW(weights, weightDecay, Double.POSITIVE_INFINITY)) {
        long step = 0;
        for (int epoch = 0; epoch < epochs; epoch++) {
          Permutation.shuffle(order, random);
          for (int from = 0; from < order.length; from += batch, step++) {
            long[] batchPlaces =
                Arrays.copyOfRange(order, from, Math.min(from + batch, order.length));
            try (Scope _ = Scope.open()) {
              Examples examples = set.at(batchPlaces);
              Linearization at = Linearization.of(model, layers, examples);
              List<Tensor> gradients = at.logLikelihoodGradient(new Targets.Given());
              gradients.forEach(g -> g.timesInPlace(-1.0 / batchPlaces.length));
              double now = rate * (1 + Math.cos(Math.PI * step / steps)) / 2;
              if (!Double.isFinite(adam.step(gradients, step, now))) {
                throw new ArithmeticException("training diverges; lower the learning rate");
              }
              for (int l = 0; l < layers.size(); l++) {
                layers.get(l).assign(weights.get(l));
              }
            }
          }
        }
      }
    }
  }
}
