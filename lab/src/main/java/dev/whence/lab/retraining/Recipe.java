package dev.whence.lab.retraining;

/** How a task's model is trained from nothing, on any part of its data. */
public interface Recipe {
  /** What makes two recipes give the same numbers: for a bank on disk. */
  String identity();

  /** Training examples to choose from. */
  long size();

  /**
   * Trains a new model.
   *
   * @param places of the examples it sees
   * @param seed of its first weights and the order of the examples
   * @return each measurement, in nats
   */
  double[] measure(long[] places, long seed);
}
