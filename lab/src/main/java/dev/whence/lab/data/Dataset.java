package dev.whence.lab.data;

import dev.whence.folder.Hashes;
import dev.whence.tensor.DType;
import dev.whence.tensor.Scope;
import dev.whence.tensor.Tensor;
import dev.whence.tensor.Tensors;
import dev.whence.trace.Examples;
import dev.whence.trace.TokenBatch;
import java.util.Arrays;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * A table or some images in memory. Owns its tensors.
 *
 * @param features [examples, 1, features]
 * @param targets reals [examples, 1, outputs], or classes [examples, 1], int64
 */
public record Dataset(Tensor features, Tensor targets) implements ExampleSet, AutoCloseable {
  /** Makes a data set for regression from values in row-major order. */
  public static Dataset reals(double[] features, double[] targets, DType type) {
    int n = targets.length;
    try (Scope _ = Scope.open()) {
      return new Dataset(
          Tensors.of(features, n, 1, features.length / n).to(type).keep(),
          Tensors.of(targets, n, 1, 1).to(type).keep());
    }
  }

  /** Makes a data set for classification from row-major features and classes from 0. */
  public static Dataset classes(float[] features, long[] targets, DType type) {
    int n = targets.length;
    try (Scope _ = Scope.open()) {
      return new Dataset(
          Tensors.of(features, n, 1, features.length / n).to(type).keep(),
          Tensors.of(targets, n, 1).keep());
    }
  }

  /** Whether the targets are classes. */
  public boolean classifies() {
    return targets.type() == DType.INT64;
  }

  @Override
  public long size() {
    return features.size(0);
  }

  @Override
  public Examples at(long... places) {
    Tensor inputs = features.rows(places);
    Tensor wanted = targets.rows(places);
    Tensor keys = Tensors.of(places, inputs.device(), places.length);
    return classifies()
        ? new TokenBatch(
            inputs,
            wanted,
            Tensors.ones(DType.FLOAT32, inputs.device(), places.length, 1),
            Optional.empty(),
            keys,
            ones(places.length))
        : new RealTargets(inputs, wanted, keys);
  }

  private static int[] ones(int count) {
    int[] ones = new int[count];
    Arrays.fill(ones, 1);
    return ones;
  }

  /** A hash of all features and targets. */
  public String hash() {
    try (Scope _ = Scope.open()) {
      return Hashes.ofTexts(
          Stream.of(
              Arrays.toString(features.toDoubles()),
              Arrays.toString(targets.to(DType.FLOAT64).toDoubles())));
    }
  }

  /** A copy of the features with other classes. */
  public Dataset withClasses(long... classes) {
    try (Scope _ = Scope.open()) {
      return new Dataset(features.copy().keep(), Tensors.of(classes, classes.length, 1).keep());
    }
  }

  /** A copy of the rows at these places. */
  public Dataset subset(long... places) {
    try (Scope _ = Scope.open()) {
      return new Dataset(features.rows(places).keep(), targets.rows(places).keep());
    }
  }

  @Override
  public void close() {
    features.close();
    targets.close();
  }
}
