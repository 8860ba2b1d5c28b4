package dev.whence.cli.evaluate;

import dev.whence.lab.evaluation.Method;
import dev.whence.lab.evaluation.Subject;

/**
 * What decides an evaluation's numbers besides its own options, for {@code --json}: defaults may
 * change, these stay with the result.
 *
 * @param recipe how the model was trained, and on which data
 * @param draws of targets for each example when a curvature was fitted
 * @param damping lambda
 * @param effort how far iterative methods went
 */
record EvaluationConditions(
    String recipe,
    long trainingExamples,
    long parameters,
    int draws,
    double damping,
    Method.Effort effort) {
  static EvaluationConditions of(Subject subject, double damping, Method.Effort effort) {
    return new EvaluationConditions(
        subject.recipe().identity(),
        subject.task().training().size(),
        subject.task().layers().stream().mapToLong(l -> l.shape().elements()).sum(),
        subject.task().draws(),
        damping,
        effort);
  }
}
