package dev.whence.lab.evaluation;

import dev.whence.curvature.CurvatureKind;
import dev.whence.fit.FitSettings;
import dev.whence.fit.MemoryFit;
import dev.whence.lab.data.ExampleSet;
import dev.whence.model.Linear;
import dev.whence.model.Model;
import dev.whence.tensor.Scope;
import java.util.List;
import java.util.Set;

/**
 * A trained model, what it was trained on and what it is asked about.
 *
 * @param layers whose weights count as the parameters; the others stay as they are
 * @param asked a measurement each: its log-likelihood
 * @param batch examples that go through the model at a time
 */
public record Task(
    String name,
    Model model,
    List<Linear> layers,
    ExampleSet training,
    ExampleSet asked,
    int batch) {
  /** Fits curvatures to all training examples; the caller closes the fit. */
  public MemoryFit fit(Set<CurvatureKind> kinds, long seed) {
    try (Scope _ = Scope.open()) {
      return MemoryFit.of(
          model,
          layers,
          training.pass(batch),
          training.at(0),
          FitSettings.DEFAULT.withCurvatures(kinds).withSeed(seed));
    }
  }
}
