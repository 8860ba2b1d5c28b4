package dev.whence.lab.evaluation;

import dev.whence.curvature.CurvatureKind;
import dev.whence.fit.FitSettings;
import dev.whence.fit.MemoryFit;
import dev.whence.lab.data.ExampleSet;
import dev.whence.lab.solver.GaussNewton;
import dev.whence.model.Linear;
import dev.whence.model.Model;
import dev.whence.tensor.Scope;
import dev.whence.trace.Pass;
import java.util.Arrays;
import java.util.List;
import java.util.Set;

/**
 * A trained model, what it was trained on and what it is asked about.
 *
 * @param layers whose weights count as the parameters; the others stay as they are
 * @param asked a measurement each: its log-likelihood
 * @param batch examples that go through the model at a time
 * @param draws of targets for each example when a curvature is fitted: a confident model on little
 *     data needs several to be drawn anything but what it is sure of
 */
public record Task(
    String name,
    Model model,
    List<Linear> layers,
    ExampleSet training,
    ExampleSet asked,
    int batch,
    int draws) {
  /** The Gauss-Newton Hessian over all training examples. */
  GaussNewton curvature(double damping) {
    return new GaussNewton(model, layers, training.pass(batch), damping);
  }

  /** Fits curvatures to all training examples; the caller closes the fit. */
  public MemoryFit fit(Set<CurvatureKind> kinds, long seed) {
    try (Scope _ = Scope.open()) {
      return MemoryFit.of(
          model,
          layers,
          redrawn(),
          training.at(0),
          FitSettings.DEFAULT.withCurvatures(kinds).withSeed(seed));
    }
  }

  /** All examples as often as there are draws, each time with other keys. */
  private Pass redrawn() {
    Pass once = training.pass(batch);
    return step -> {
      for (int draw = 0; draw < draws; draw++) {
        long offset = draw * training.size();
        once.run(examples ->
            step.accept(
                examples.withKeys(
                    Arrays.stream(examples.keys()).map(key -> key + offset).toArray())));
      }
    };
  }
}
