package dev.whence.run;

import static org.assertj.core.api.Assertions.assertThat;

import dev.whence.Progress;
import dev.whence.corpus.Corpus;
import dev.whence.corpus.CorpusSource;
import dev.whence.corpus.Tokenization;
import dev.whence.curvature.Dense;
import dev.whence.model.LanguageModel;
import dev.whence.tensor.DType;
import dev.whence.tensor.SafetensorsFile;
import dev.whence.tensor.Scope;
import dev.whence.testing.Oracle;
import dev.whence.testing.TestDevice;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Tiny models, corpora of random tokens, and a look into the folders that come of them. */
public final class Workbench {
  /** The golden models' vocabulary. */
  public static final int VOCABULARY = 128;

  private Workbench() {}

  /** A golden model in float64. */
  public static LanguageModel model(String oracle) {
    return LanguageModel.load(Oracle.of(oracle).model(), DType.FLOAT64, TestDevice.DEVICE);
  }

  /** Documents d0, d1, .. of these lengths, with random tokens. */
  public static Map<String, int[]> documents(long seed, int... lengths) {
    Random random = new Random(seed);
    Map<String, int[]> documents = new LinkedHashMap<>();
    for (int length : lengths) {
      documents.put("d" + documents.size(), random.ints(length, 0, VOCABULARY).toArray());
    }
    return documents;
  }

  /** {@code count} lengths from 2 to 20. */
  public static int[] lengths(long seed, int count) {
    return new Random(seed).ints(count, 2, 21).toArray();
  }

  /** A corpus of these documents; its file and cache go into {@code folder}. */
  public static Corpus corpus(Path folder, Map<String, int[]> documents) {
    String lines =
        documents.entrySet().stream()
            .map(d ->
                "{\"id\": \"%s\", \"tokens\": %s}\n"
                    .formatted(d.getKey(), Arrays.toString(d.getValue())))
            .collect(Collectors.joining());
    try {
      Files.createDirectories(folder);
      Path file = Files.writeString(folder.resolve("corpus.jsonl"), lines);
      return open(file, folder.resolve("cache"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A golden corpus. */
  public static Corpus corpus(Path folder, String oracle) {
    return open(Oracle.of(oracle).corpus(), folder.resolve("cache"));
  }

  private static Corpus open(Path file, Path cache) {
    return Corpus.open(
        CorpusSource.of(file),
        new Tokenization(Optional.empty(), 24, VOCABULARY),
        cache,
        Progress.NONE);
  }

  /** Every file under a folder and its bytes in hexadecimal, by relative path. */
  public static Map<String, String> contents(Path folder) {
    Map<String, String> contents = new TreeMap<>();
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        contents.put(
            folder.relativize(file).toString(), HexFormat.of().formatHex(Files.readAllBytes(file)));
      }
      return contents;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Deletes a folder and all that is in it. */
  public static void delete(Path folder) {
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The names in a folder. */
  public static List<String> names(Path folder) {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(f -> f.getFileName().toString()).sorted().toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** All numbers of a safetensors file, by tensor. */
  public static Map<String, double[]> numbers(Path file) {
    try (Scope _ = Scope.open();
        SafetensorsFile tensors = SafetensorsFile.open(file)) {
      Map<String, double[]> numbers = new TreeMap<>();
      tensors.names().forEach(name -> numbers.put(name, tensors.tensor(name).toDoubles()));
      return numbers;
    }
  }

  /** One tensor of one layer's factors. */
  public static double[] factor(RunFolder run, String layer, String name) {
    double[] values = numbers(FactorsFile.path(run.path(), layer)).get(name);
    assertThat(values).as("%s of %s", name, layer).isNotNull();
    return values == null ? new double[0] : values;
  }

  /**
   * Asserts that two fits give the same numbers. Eigenvectors are compared through what is in their
   * basis: their signs are free.
   */
  public static void assertSameFactors(RunFolder actual, RunFolder expected, double tolerance) {
    assertThat(actual.manifest().layers())
        .usingRecursiveComparison()
        .ignoringFields("factorsSha256")
        .isEqualTo(expected.manifest().layers());
    for (RunManifest.Layer layer : expected.manifest().layers()) {
      numbers(FactorsFile.path(expected.path(), layer.name()))
          .forEach((name, values) -> {
            if (!name.contains("eigenvectors")) {
              assertThat(Dense.error(factor(actual, layer.name(), name), values))
                  .as("%s of %s", name, layer.name())
                  .isLessThan(tolerance);
            }
          });
    }
  }
}
