package dev.whence.lab.solver;

import dev.whence.curvature.Curvature;
import dev.whence.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/**
 * Solves with a curvature that is inverted layer by layer: EK-FAC, K-FAC, the diagonal, the
 * identity.
 *
 * @param layers the curvature of each layer; the caller closes them
 */
public record CurvatureSolver(List<Curvature> layers) implements InverseSolver {
  @Override
  public Weights solve(Weights gradient) {
    List<Tensor> parts = new ArrayList<>();
    for (int l = 0; l < layers.size(); l++) {
      parts.add(layers.get(l).precondition(gradient.parts().get(l)));
    }
    return new Weights(parts);
  }
}
