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
import java.util.List;
import java.util.Set;

/**
 * A trained model, the examples that it was trained on, and the queries whose influences are
 * sought.
 *
 * @param layers whose weights count as the parameters; all others are held fixed
 * @param queries examples whose log-likelihoods are the measurements
 * @param batch examples that go through the model at a time
 * @param draws of targets for each example when a curvature is fitted: a confident model on little
 *     data needs several, or targets other than the likeliest are hardly ever drawn
 */
public record Task(
    String name,
    Model model,
    List<Linear> layers,
    ExampleSet training,
    ExampleSet queries,
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

  /** A pass that repeats all examples for each draw, each time with other keys. */
  private Pass redrawn() {
    Pass once = training.pass(batch);
    return step -> {
      for (int draw = 0; draw < draws; draw++) {
        long offset = draw * training.size();
        once.run(examples -> step.accept(examples.withKeys(examples.keys().plus(offset))));
      }
    };
  }
}
