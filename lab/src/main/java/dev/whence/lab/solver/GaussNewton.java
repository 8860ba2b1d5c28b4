package dev.whence.lab.solver;

import dev.whence.Progress;
import dev.whence.model.Linear;
import dev.whence.model.Model;
import dev.whence.tensor.Scope;
import dev.whence.trace.Examples;
import dev.whence.trace.Linearization;
import dev.whence.trace.Pass;
import java.util.List;

/**
 * The damped Gauss-Newton Hessian {@code G + lambda} as an operator: {@code G} is the mean over the
 * data's examples of {@code J^T H J}.
 *
 * @param damping lambda, the same for all layers
 */
public record GaussNewton(Model model, List<Linear> layers, Pass data, double damping)
    implements CurvatureOperator {
  @Override
  public Weights times(Weights v) {
    Weights sum = v.zeros();
    long count = data.count(batch -> sum.add(product(batch, v), 1));
    return damped(sum, count, v);
  }

  /** Multiplies with {@code G + lambda} where G is the mean over one batch only. */
  public Weights times(Examples batch, Weights v) {
    Weights sum = v.zeros();
    try (Scope _ = Scope.open()) {
      sum.add(product(batch, v), 1);
    }
    return damped(sum, batch.size(), v);
  }

  /** How many weights the layers have. */
  long weights() {
    return layers.stream().mapToLong(l -> l.shape().elements()).sum();
  }

  /** This operator, reporting the examples that its products go through. */
  GaussNewton reporting(Progress.Stage stage) {
    Pass reported =
        step ->
            data.run(batch -> {
              step.accept(batch);
              stage.advance(batch.size());
            });
    return new GaussNewton(model, layers, reported, damping);
  }

  private Weights product(Examples batch, Weights v) {
    return new Weights(Linearization.of(model, layers, batch).gaussNewton(v.parts()));
  }

  private Weights damped(Weights sum, long count, Weights v) {
    sum.timesInPlace(1.0 / count);
    sum.add(v, damping);
    return sum;
  }
}
