package dev.whence.lab.retraining;

/** How a task's model is trained from random weights, on any part of its data. */
public interface Recipe {
  /**
   * Names all that decides the measurements, so that a bank on disk is resumed only by its own
   * recipe.
   */
  String identity();

  /** How many training examples there are to choose from. */
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
