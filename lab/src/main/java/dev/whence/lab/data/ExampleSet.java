package dev.whence.lab.data;

import dev.whence.model.Model;
import dev.whence.model.Tap;
import dev.whence.tensor.Scope;
import dev.whence.tensor.Tensor;
import dev.whence.trace.Examples;
import dev.whence.trace.Pass;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.LongStream;

/** Examples that can be read by their places, in any order. */
public interface ExampleSet {
  /** The batch size of {@link #logLikelihoods}, small enough for any model. */
  int MEASURED_TOGETHER = 64;

  long size();

  /** The examples at these places as a batch, which belongs to the caller's scope. */
  Examples at(long... places);

  /** The places of all examples, in the order in which a pass takes them. */
  default long[] order() {
    return LongStream.range(0, size()).toArray();
  }

  /** A pass over all examples in batches of this size. */
  default Pass pass(int batch) {
    long[] order = order();
    return step -> {
      for (int first = 0; first < order.length; first += batch) {
        try (Scope _ = Scope.open()) {
          step.accept(at(Arrays.copyOfRange(order, first, Math.min(first + batch, order.length))));
        }
      }
    };
  }

  /** Each example's log-likelihood, in nats. */
  default double[] logLikelihoods(Model model) {
    double[] all = new double[(int) size()];
    for (int first = 0; first < all.length; first += MEASURED_TOGETHER) {
      int count = Math.min(MEASURED_TOGETHER, all.length - first);
      try (Scope _ = Scope.open()) {
        Examples examples = at(LongStream.range(first, first + count).toArray());
        Tensor outputs = model.outputs(examples.inputs(), Tap.NONE).detach();
        double[] values = examples.logProbabilities(outputs).sum(1).toDoubles();
        System.arraycopy(values, 0, all, first, count);
      }
    }
    return all;
  }

  /** Places drawn with replacement. */
  default long[] draw(int count, Random random) {
    return random.longs(count, 0, size()).toArray();
  }
}
