package dev.whence.run;

import dev.whence.curvature.Curvature;
import dev.whence.curvature.CurvatureKind;
import dev.whence.curvature.Damping;
import dev.whence.curvature.LayerFactors;
import java.util.ArrayList;
import java.util.List;

/**
 * The damped curvatures of some layers, and the factors that they are made of. Owns both.
 *
 * @param layers in the factors' order
 */
public record Curvatures(List<Curvature> layers, RunFolder.Factors factors)
    implements AutoCloseable {

  /**
   * Damps the factors' curvatures. Takes over the factors, also when it fails.
   *
   * @throws dev.whence.InvalidInputException when the kind was not fitted
   */
  public static Curvatures of(RunFolder.Factors factors, CurvatureKind kind, Damping damping) {
    Curvatures curvatures = new Curvatures(new ArrayList<>(), factors);
    try {
      for (LayerFactors layer : factors.layers()) {
        curvatures.layers.add(layer.curvature(kind, damping));
      }
      return curvatures;
    } catch (RuntimeException e) {
      curvatures.close();
      throw e;
    }
  }

  @Override
  public void close() {
    layers.forEach(Curvature::close);
    factors.close();
  }
}
