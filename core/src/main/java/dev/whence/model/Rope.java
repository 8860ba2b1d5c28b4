package dev.whence.model;

import dev.whence.InvalidInputException;
import dev.whence.tensor.DType;
import dev.whence.tensor.Device;
import dev.whence.tensor.Tensor;
import dev.whence.tensor.Tensors;
import java.util.List;

/**
 * Rotary position embedding (Su et al. 2021): the first {@code rotated} components of a head, as
 * pairs (i, i + rotated/2), turn by an angle proportional to the position. Linear scaling stretches
 * all wavelengths; Llama 3's stretches the long ones alone.
 */
final class Rope {
  private final int rotated;
  private final double[] frequencies;
  private final PositionTable table; // cosines, then sines: [positions, 2 * rotated]

  private Rope(int rotated, double[] frequencies, Parts parts) {
    this.rotated = rotated;
    this.frequencies = frequencies;
    this.table = parts.positionTable(this::cosinesAndSines);
  }

  /**
   * The rotation that a config describes, in the present spelling ({@code rope_parameters}) or the
   * older one ({@code rope_theta} and {@code rope_scaling} at the top level). A scaling in the
   * older spelling that was added to a config in the present one holds, as in transformers.
   *
   * @param parts own its table
   * @param headSize components of a head
   * @param rotatedShare the part of them that turns, when the config does not say
   * @param oldBase the top-level name of the base in this family's older configs
   */
  static Rope of(Config config, Parts parts, int headSize, double rotatedShare, String oldBase) {
    Config parameters = config.merged("rope_parameters", "rope_scaling");
    double oldBaseValue = config.number(oldBase, config.number("rope_theta", 10_000));
    double base = parameters.number("rope_theta", oldBaseValue);
    double oldShare = config.number("partial_rotary_factor", rotatedShare);
    double share = parameters.number("partial_rotary_factor", oldShare);
    Config scaling = config.section("rope_scaling");
    if (config.has("rope_parameters") && !scaling.isEmpty()) {
      // In transformers the scaling replaces the parameters, the base and the share included.
      requireSame(config, "rope_theta", base, scaling.number("rope_theta", oldBaseValue));
      requireSame(
          config,
          "partial_rotary_factor",
          share,
          scaling.number("partial_rotary_factor", oldShare));
    }
    if (base <= 0 || share > 1) {
      throw config.unsupported(
          "a RoPE base of " + base + " on a share of " + share + " of each head");
    }
    int rotated = (int) (headSize * share) / 2 * 2;
    double[] frequencies = new double[rotated / 2];
    for (int i = 0; i < frequencies.length; i++) {
      frequencies[i] = Math.pow(base, -2.0 * i / rotated);
    }
    String type = parameters.text("rope_type", "default");
    switch (type) {
      case "default" -> {}
      case "linear" -> {
        double factor = scalingFactor(parameters, 1);
        for (int i = 0; i < frequencies.length; i++) {
          frequencies[i] /= factor;
        }
      }
      case "llama3" -> scaleAsLlama3(parameters, config, frequencies);
      default -> throw config.unsupported("the RoPE scaling '" + type + "'");
    }
    return new Rope(rotated, frequencies, parts);
  }

  private static void requireSame(
      Config config, String setting, double parameters, double scaling) {
    if (parameters != scaling) {
      throw new InvalidInputException(
          "%s has 'rope_scaling' beside 'rope_parameters', and '%s' would be %s by the one and %s by the other; put the scaling into 'rope_parameters'"
              .formatted(config.file(), setting, scaling, parameters));
    }
  }

  private static double scalingFactor(Config parameters, double otherwise) {
    double factor = parameters.number("factor", otherwise);
    if (factor <= 0) {
      throw parameters.invalid("factor", factor, "positive");
    }
    return factor;
  }

  /**
   * Wavelengths above the old context stretch by the factor, those well inside it stay, those
   * between are blended.
   */
  private static void scaleAsLlama3(Config parameters, Config config, double[] frequencies) {
    double factor = scalingFactor(parameters, 8);
    double low = parameters.number("low_freq_factor", 1);
    double high = parameters.number("high_freq_factor", 4);
    double context =
        parameters.number(
            "original_max_position_embeddings", config.number("max_position_embeddings", 8192));
    for (int i = 0; i < frequencies.length; i++) {
      double wavelength = 2 * Math.PI / frequencies[i];
      double smooth = Math.clamp((context / wavelength - low) / (high - low), 0.0, 1.0);
      frequencies[i] = (1 - smooth) * frequencies[i] / factor + smooth * frequencies[i];
    }
  }

  /** The rotation for positions 0 .. n-1. */
  Table table(int positions) {
    Tensor both = table.first(positions);
    return new Table(rotated, both.narrow(1, 0, rotated), both.narrow(1, rotated, rotated));
  }

  /**
   * Angles are in float32 or the model's own type, whichever is wider: models that are not float64
   * were trained with float32 angles.
   */
  private Tensor cosinesAndSines(int positions, DType type, Device device) {
    boolean wide = type == DType.FLOAT64;
    int half = rotated / 2;
    double[] both = new double[positions * 2 * rotated];
    for (int t = 0; t < positions; t++) {
      int row = t * 2 * rotated;
      for (int i = 0; i < rotated; i++) {
        double frequency = frequencies[i % half];
        double angle = wide ? t * frequency : t * (float) frequency;
        both[row + i] = Math.cos(angle);
        both[row + rotated + i] = Math.sin(angle);
      }
    }
    return Tensors.of(both, positions, 2L * rotated).to(type).to(device);
  }

  /**
   * Cosines and sines for a number of positions, shared by all layers of one forward pass.
   *
   * @param cosine [positions, rotated]
   * @param sine [positions, rotated]
   */
  record Table(int rotated, Tensor cosine, Tensor sine) {
    /** Turns x [batch, heads, positions, headSize]. */
    Tensor turn(Tensor x) {
      int size = (int) x.size(-1);
      if (rotated == size) {
        return turnAll(x);
      }
      Tensor turned = turnAll(x.narrow(-1, 0, rotated));
      return Tensors.cat(List.of(turned, x.narrow(-1, rotated, size - rotated)), -1);
    }

    private Tensor turnAll(Tensor x) {
      int half = rotated / 2;
      Tensor first = x.narrow(-1, 0, half);
      Tensor second = x.narrow(-1, half, half);
      Tensor quarterTurn = Tensors.cat(List.of(second.negate(), first), -1);
      return x.times(cosine).plus(quarterTurn.times(sine));
    }
  }
}
