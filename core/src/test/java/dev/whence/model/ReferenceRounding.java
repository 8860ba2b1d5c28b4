package dev.whence.model;

import dev.whence.tensor.SafetensorsFile;
import dev.whence.tensor.Scope;
import dev.whence.testing.Oracle;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;

/**
 * Cosines and sines as the library that made the golden folders rounds them. Its float32 cosine is
 * off by up to 0.6 units in the last place, which alone moves scores by some 1e-8; with the same
 * rounding everything else can be compared to 1e-9.
 */
public final class ReferenceRounding {
  private ReferenceRounding() {}

  /** Runs {@code work} with the golden folders' rounding. */
  public static void run(Runnable work) {
    Map<Float, Float> cosines = new HashMap<>();
    Map<Float, Float> sines = new HashMap<>();
    try (Scope _ = Scope.open();
        SafetensorsFile file =
            SafetensorsFile.open(Oracle.resources().resolve("cosines.safetensors"))) {
      float[] angles = file.tensor("angle").toFloats();
      float[] cosine = file.tensor("cosine").toFloats();
      float[] sine = file.tensor("sine").toFloats();
      for (int i = 0; i < angles.length; i++) {
        cosines.put(angles[i], cosine[i]);
        sines.put(angles[i], sine[i]);
      }
    }
    Rope.Rounding rounding =
        new Rope.Rounding() {
          @Override
          public float cosine(float angle) {
            return Objects.requireNonNull(cosines.get(angle), () -> "no golden cosine of " + angle);
          }

          @Override
          public float sine(float angle) {
            return Objects.requireNonNull(sines.get(angle), () -> "no golden sine of " + angle);
          }
        };
    ScopedValue.where(Rope.ROUNDING, rounding).run(work);
  }
}
