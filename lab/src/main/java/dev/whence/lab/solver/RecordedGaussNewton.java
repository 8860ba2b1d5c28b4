package dev.whence.lab.solver;

import dev.whence.model.LanguageModel;
import dev.whence.model.Linear;
import dev.whence.tensor.Scope;
import dev.whence.tensor.Tensor;
import dev.whence.trace.Linearization;
import dev.whence.trace.Pass;
import java.util.ArrayList;
import java.util.List;

/**
 * The damped Gauss-Newton Hessian of a language model for many products on little data: the forward
 * and backward passes are recorded once, and the loss's Hessian with respect to the head's inputs
 * is formed once for each position, so that the cost of a product does not depend on the
 * vocabulary. The weights must be those of the recording whenever it is used.
 */
public final class RecordedGaussNewton implements CurvatureOperator, AutoCloseable {
  private final List<Part> parts;
  private final double perExample;
  private final double damping;

  /**
   * A recorded batch.
   *
   * @param hessian of the loss, [batch, positions, width, width]
   */
  private record Part(Linearization at, Tensor hessian) {
    void close() {
      at.close();
      hessian.close();
    }
  }

  private RecordedGaussNewton(List<Part> parts, double perExample, double damping) {
    this.parts = parts;
    this.perExample = perExample;
    this.damping = damping;
  }

  /**
   * Records the passes over all data.
   *
   * @param layers without the head
   */
  public static RecordedGaussNewton of(
      LanguageModel model, List<Linear> layers, Pass data, double damping) {
    Body body = new Body(model);
    List<Part> parts = new ArrayList<>();
    try {
      long count =
          data.count(batch -> {
            Linearization at = Linearization.of(body, layers, batch);
            HeadExamples examples = new HeadExamples(batch, body.head().matrix());
            Tensor hessian = examples.lossHessianMatrix(at.outputs());
            parts.add(new Part(at.keep(), hessian.keep()));
          });
      return new RecordedGaussNewton(parts, 1.0 / count, damping);
    } catch (RuntimeException e) {
      parts.forEach(Part::close);
      throw e;
    }
  }

  @Override
  public Weights times(Weights v) {
    Weights sum = v.zeros();
    for (Part part : parts) {
      try (Scope _ = Scope.open()) {
        Tensor change = part.at.forward(v.parts()).unsqueeze(3);
        Tensor gradient = part.hessian.matmul(change).select(3, 0);
        sum.add(new Weights(part.at.backward(gradient)), perExample);
      }
    }
    sum.add(v, damping);
    return sum;
  }

  @Override
  public void close() {
    parts.forEach(Part::close);
  }
}
