package dev.whence.lab.evaluation;

import dev.whence.InvalidInputException;
import dev.whence.Progress;
import dev.whence.lab.response.ProximalBregman;
import java.util.Optional;

/** The inverse of the Hessian for the Newton steps that are taken before Adam. */
public sealed interface Newton {
  /** No Newton steps: Adam alone. */
  record None() implements Newton {}

  /** The exact inverse, formed once for all examples. */
  record Exact() implements Newton {}

  /**
   * Conjugate gradient preconditioned with EK-FAC.
   *
   * @param steps of conjugate gradient at most in each Newton step
   */
  record Iterated(int steps) implements Newton {}

  /**
   * Reads {@code exact}, a number of steps, or 0 for none.
   *
   * @throws InvalidInputException when it is none of these
   */
  static Newton parse(String text) {
    if (text.equals("exact")) {
      return new Exact();
    }
    if (!text.matches("\\d{1,9}")) {
      throw new InvalidInputException(
          "--newton is '" + text + "' but must be 'exact' or a number of steps from 0 on");
    }
    int steps = Integer.parseInt(text);
    return steps == 0 ? new None() : new Iterated(steps);
  }

  /** The inverse, which the caller closes; empty when there is to be none. */
  default Optional<Method.Prepared> prepare(
      Task task, ProximalBregman.Settings settings, Progress progress) {
    return switch (this) {
      case None _ -> Optional.empty();
      case Exact _ ->
          Optional.of(
              Method.EXACT.prepare(task, settings.damping(), Method.Effort.DEFAULT, progress));
      case Iterated(int steps) ->
          Optional.of(
              Method.REFINED.prepare(
                  task,
                  settings.damping(),
                  new Method.Effort(0, steps, settings.tolerance() / 2, 0, 0, settings.seed()),
                  progress));
    };
  }
}
