package dev.whence.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.whence.InvalidInputException;
import dev.whence.tensor.DType;
import dev.whence.tensor.Device;
import dev.whence.tensor.Scope;
import dev.whence.tensor.Tensor;
import dev.whence.tensor.Tensors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.assertj.core.data.Percentage;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RopeTest {
  private static final int[] TOKENS = ModelFolder.tokens(2, 20);
  private static final Percentage FLOAT64 = Percentage.withPercentage(1e-10);
  private static final long SEED = 9;

  @TempDir private Path temporary;

  private final Parts parts =
      new Parts(
          (name, _) -> {
            throw new IllegalStateException(name);
          },
          DType.FLOAT64,
          Device.CPU);

  @AfterEach
  void closeTables() {
    parts.positionTables().forEach(PositionTable::close);
  }

  @Test
  void frequenciesFallGeometricallyFromOne() throws IOException {
    double[] frequencies = frequencies("{\"rope_theta\": 500000.0}", 64);
    assertThat(frequencies).hasSize(32);
    for (int i = 0; i < 32; i++) {
      assertThat(frequencies[i]).as("i = %d", i).isCloseTo(Math.pow(500_000, -i / 32.0), FLOAT64);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"rope_theta\": 1000, \"rope_scaling\": {\"type\": \"linear\", \"factor\": 4.0}}",
        "{\"rope_theta\": 1000, \"rope_scaling\": {\"rope_type\": \"linear\", \"factor\": 4.0}}",
        "{\"rope_parameters\": {\"rope_theta\": 1000, \"rope_type\": \"linear\", \"factor\": 4}}"
      })
  void linearScalingStretchesAllWavelengths(String config) throws IOException {
    double[] frequencies = frequencies(config, 16);
    for (int i = 0; i < 8; i++) {
      assertThat(frequencies[i]).isCloseTo(Math.pow(1000, -i / 8.0) / 4, FLOAT64);
    }
  }

  /** As Llama 3.1's model code has it (apply_scaling), with its three branches spelt out. */
  @Test
  void llama3ScalingStretchesLongWavelengthsAndBlendsTheMiddle() throws IOException {
    double factor = 32;
    double low = 1;
    double high = 4;
    double context = 8192;
    double[] frequencies =
        frequencies(
            """
            {"rope_theta": 500000.0, "max_position_embeddings": 131072,
             "rope_scaling": {"rope_type": "llama3", "factor": 32.0, "low_freq_factor": 1.0,
               "high_freq_factor": 4.0, "original_max_position_embeddings": 8192}}
            """,
            128);
    int kept = 0;
    int stretched = 0;
    for (int i = 0; i < 64; i++) {
      double plain = Math.pow(500_000, -i / 64.0);
      double wavelength = 2 * Math.PI / plain;
      double expected;
      if (wavelength < context / high) {
        expected = plain;
        kept++;
      } else if (wavelength > context / low) {
        expected = plain / factor;
        stretched++;
      } else {
        double smooth = (context / wavelength - low) / (high - low);
        expected = (1 - smooth) * plain / factor + smooth * plain;
      }
      assertThat(frequencies[i]).as("i = %d", i).isCloseTo(expected, FLOAT64);
    }
    assertThat(kept).isBetween(10, 40); // all three branches were taken
    assertThat(stretched).isBetween(10, 63 - kept);
  }

  @Test
  void scaledAnglesReachTheModel() {
    ModelFolder folder = ModelFolder.copyOf("llama", temporary.resolve("m"));
    double[] plain = folder.logits(TOKENS);
    folder.configure(c -> {
      c.remove("rope_parameters");
      c.put("rope_theta", 10_000).putObject("rope_scaling").put("type", "linear").put("factor", 2);
    });
    double[] scaled = folder.logits(TOKENS);
    assertThat(first(scaled)).isEqualTo(first(plain)); // position 0 does not turn
    assertThat(scaled).isNotEqualTo(plain);
  }

  @Test
  void oldAndNewSpellingOfTheBaseAreOneModel() {
    ModelFolder folder = ModelFolder.copyOf("llama", temporary.resolve("m"));
    double[] other = folder.logits(TOKENS);
    folder.configure(c -> c.putObject("rope_parameters").put("rope_theta", 50.0));
    double[] present = folder.logits(TOKENS);
    folder.configure(c -> {
      c.remove("rope_parameters");
      c.put("rope_theta", 50.0).putNull("rope_scaling");
    });
    assertThat(folder.logits(TOKENS)).isEqualTo(present).isNotEqualTo(other);
  }

  @Test
  void oldAndNewSpellingOfThePartThatTurnsAreOneModel() {
    ModelFolder folder = ModelFolder.copyOf("gpt_neox", temporary.resolve("m"));
    double[] quarter = folder.logits(TOKENS);
    folder.configure(c ->
        c.putObject("rope_parameters").put("partial_rotary_factor", 0.5).put("rope_theta", 50.0));
    double[] half = folder.logits(TOKENS);
    folder.configure(c -> {
      c.remove("rope_parameters");
      c.put("rotary_pct", 0.5).put("rotary_emb_base", 50.0);
    });
    assertThat(folder.logits(TOKENS)).isEqualTo(half).isNotEqualTo(quarter);
    folder.configure(c -> {
      c.remove("rotary_pct"); // a quarter and 10,000 are the family's defaults
      c.remove("rotary_emb_base");
    });
    assertThat(folder.logits(TOKENS)).isEqualTo(quarter);
  }

  @Test
  void firstComponentsTurnInPairsAndTheRestStays() throws IOException {
    Rope rope = Rope.of(config("{\"rope_theta\": 100}"), parts, 8, 0.5, "rope_theta");
    double[] x = new Random(SEED).doubles(3 * 8, -1, 1).toArray();
    try (Scope _ = Scope.open()) {
      Tensor in = Tensors.of(x, 1, 1, 3, 8);
      double[] out = rope.table(3).turn(in).toDoubles();
      for (int t = 0; t < 3; t++) {
        double[] expected = java.util.Arrays.copyOfRange(x, t * 8, t * 8 + 8);
        for (int i = 0; i < 2; i++) { // pairs (0, 2) and (1, 3) of the four that turn
          double angle = t * Math.pow(100, -i / 2.0);
          double a = expected[i];
          double b = expected[i + 2];
          expected[i] = a * Math.cos(angle) - b * Math.sin(angle);
          expected[i + 2] = a * Math.sin(angle) + b * Math.cos(angle);
        }
        assertThat(java.util.Arrays.copyOfRange(out, t * 8, t * 8 + 8))
            .as("position %d, seed %d", t, SEED)
            .containsExactly(expected, within(1e-14));
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"yarn", "dynamic", "longrope", "Linear", ""})
  void unsupportedScalingIsNamed(String type) {
    ModelFolder folder = ModelFolder.copyOf("llama", temporary.resolve("m"));
    folder.configure(c -> {
      c.remove("rope_parameters");
      c.putObject("rope_scaling").put("rope_type", type).put("factor", 2.0);
    });
    assertThatThrownBy(() -> folder.load(DType.FLOAT32).close())
        .isInstanceOf(InvalidInputException.class)
        .hasMessageStartingWith(folder.config() + " asks for the RoPE scaling '" + type + "'");
  }

  /** The angle by which each pair turns at position 1. */
  private double[] frequencies(String json, int headSize) throws IOException {
    Rope rope = Rope.of(config(json), parts, headSize, 1, "rope_theta");
    try (Scope _ = Scope.open()) {
      Rope.Table table = rope.table(2);
      double[] cosine = table.cosine().select(0, 1).toDoubles();
      double[] sine = table.sine().select(0, 1).toDoubles();
      double[] frequencies = new double[headSize / 2];
      for (int i = 0; i < frequencies.length; i++) {
        assertThat(cosine[i + frequencies.length]).isEqualTo(cosine[i]);
        assertThat(sine[i + frequencies.length]).isEqualTo(sine[i]);
        frequencies[i] = Math.atan2(sine[i], cosine[i]);
      }
      return frequencies;
    }
  }

  private Config config(String json) throws IOException {
    return Config.read(Files.writeString(temporary.resolve("config.json"), json));
  }

  private static double[] first(double[] logits) {
    return java.util.Arrays.copyOf(logits, 128);
  }
}
