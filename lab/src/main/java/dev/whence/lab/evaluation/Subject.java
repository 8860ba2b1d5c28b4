package dev.whence.lab.evaluation;

import dev.whence.lab.retraining.Recipe;

/** What is evaluated: a trained model with its task, and how it was trained. Owns all of it. */
public interface Subject extends AutoCloseable {
  Task task();

  /** How to train further models of the task's kind. */
  Recipe recipe();

  @Override
  void close();
}
