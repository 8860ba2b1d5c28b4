package dev.whence.lab.retraining;

import dev.whence.InvalidInputException;
import dev.whence.Json;
import dev.whence.Progress;
import dev.whence.folder.AtomicFile;
import dev.whence.lab.training.Permutation;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import tools.jackson.core.JacksonException;

/**
 * The measurements of models trained on random halves of the data, which all methods share. Every
 * model's measurements are saved when it is trained, so an interrupted bank is resumed.
 */
public final class SubsetBank {
  private static final String DAMAGED = " is damaged; delete it to start over";

  private final Recipe recipe;
  private final int subsets;
  private final int seeds;
  private final long seed;
  private final List<double[]> measured; // by subset, then by seed

  /** The content of the file. */
  private record Saved(String identity, List<double[]> measured) {}

  private SubsetBank(Recipe recipe, int subsets, int seeds, long seed, List<double[]> measured) {
    this.recipe = recipe;
    this.subsets = subsets;
    this.seeds = seeds;
    this.seed = seed;
    this.measured = measured;
  }

  /**
   * Trains all models, or those that {@code file} lacks.
   *
   * @param seeds models for each subset, over which the noise of training is averaged
   * @throws InvalidInputException when the file is of another recipe
   */
  public static SubsetBank of(
      Recipe recipe, int subsets, int seeds, long seed, Path file, Progress progress) {
    String identity =
        "%s, halves drawn with seed %d, %d a subset".formatted(recipe.identity(), seed, seeds);
    SubsetBank bank = new SubsetBank(recipe, subsets, seeds, seed, read(file, identity));
    int models = subsets * seeds;
    try (Progress.Stage stage = progress.begin("training on halves", models, "models")) {
      stage.advance(Math.min(models, bank.measured.size()));
      for (int m = bank.measured.size(); m < models; m++) {
        double[] values = recipe.measure(bank.subset(m / seeds), seed * 1_000_003 + m);
        if (!Arrays.stream(values).allMatch(Double::isFinite)) {
          throw new ArithmeticException("a model trained on a half measures what is no number");
        }
        bank.measured.add(values);
        AtomicFile.write(file, Json.MAPPER.writeValueAsString(new Saved(identity, bank.measured)));
        stage.advance(1);
      }
    } catch (IOException e) {
      throw AtomicFile.failed("write to", file, e);
    }
    return bank;
  }

  private static List<double[]> read(Path file, String identity) {
    if (!Files.exists(file)) {
      return new ArrayList<>();
    }
    try {
      Saved saved = Json.MAPPER.readValue(Files.readAllBytes(file), Saved.class);
      if (saved.identity == null || saved.measured == null || ragged(saved.measured)) {
        throw new InvalidInputException(file + DAMAGED);
      }
      if (!saved.identity.equals(identity)) {
        throw new InvalidInputException(
            file + " is of other models; delete it, or name another file");
      }
      return new ArrayList<>(saved.measured);
    } catch (JacksonException e) {
      throw new InvalidInputException(file + DAMAGED, e);
    } catch (IOException e) {
      throw AtomicFile.unreadable(file, e);
    }
  }

  private static boolean ragged(List<double[]> measured) {
    return measured.contains(null)
        || measured.stream().mapToInt(values -> values.length).distinct().count() > 1;
  }

  public int subsets() {
    return subsets;
  }

  /** The examples of a subset: half of all, in their order. */
  public long[] subset(int s) {
    return Permutation.sample(recipe.size(), recipe.size() / 2, seed * 1_000_003 + s);
  }

  /** How many models each subset has. */
  public int seeds() {
    return seeds;
  }

  /** The measurements of a subset, the mean over its models. */
  public double[] measured(int s) {
    return measured(s, 0, seeds);
  }

  /** The mean measurements of a subset's models from {@code first} to {@code end}, exclusive. */
  public double[] measured(int s, int first, int end) {
    double[] mean = new double[measured.getFirst().length];
    for (double[] values : measured.subList(s * seeds + first, s * seeds + end)) {
      Arrays.setAll(mean, q -> mean[q] + values[q] / (end - first));
    }
    return mean;
  }
}
