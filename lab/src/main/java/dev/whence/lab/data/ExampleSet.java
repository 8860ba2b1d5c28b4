package dev.whence.lab.data;

import dev.whence.model.Examples;
import dev.whence.model.Pass;
import dev.whence.tensor.Scope;
import java.util.Random;
import java.util.stream.LongStream;

/** Examples that can be had by their places, in any order. */
public interface ExampleSet {
  long size();

  /** Some examples side by side; belongs to the caller's scope. */
  Examples at(long... places);

  /** All examples in their order, so many at a time. */
  default Pass pass(int batch) {
    return step -> {
      for (long first = 0; first < size(); first += batch) {
        try (Scope _ = Scope.open()) {
          step.accept(at(LongStream.range(first, Math.min(first + batch, size())).toArray()));
        }
      }
    };
  }

  /** Places drawn with replacement. */
  default long[] draw(int count, Random random) {
    return random.longs(count, 0, size()).toArray();
  }
}
