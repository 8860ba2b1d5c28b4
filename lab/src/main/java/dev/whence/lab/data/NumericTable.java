package dev.whence.lab.data;

import dev.whence.InvalidInputException;
import dev.whence.folder.AtomicFile;
import dev.whence.tensor.DType;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;

/**
 * Rows of numbers, the last of which is to be predicted from the others: a text file with a row a
 * line, separated by commas or white space.
 */
public record NumericTable(double[][] rows) {
  /**
   * Reads a file.
   *
   * @throws InvalidInputException naming the file and the malformed line
   */
  public static NumericTable read(Path file) {
    List<double[]> rows = new ArrayList<>();
    List<String> lines;
    try {
      lines = Files.readAllLines(file, StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw AtomicFile.unreadable(file, e);
    }
    for (int i = 0; i < lines.size(); i++) {
      if (lines.get(i).isBlank()) {
        continue;
      }
      double[] row = row(file, i + 1, lines.get(i).strip());
      if (!rows.isEmpty() && rows.getFirst().length != row.length) {
        throw new InvalidInputException(
            "%s:%d has %d numbers where the first row has %d"
                .formatted(file, i + 1, row.length, rows.getFirst().length));
      }
      rows.add(row);
    }
    if (rows.size() < 10 || rows.getFirst().length < 2) {
      throw new InvalidInputException(
          file + " is no table of at least 10 rows with a feature and a target");
    }
    return new NumericTable(rows.toArray(double[][]::new));
  }

  private static double[] row(Path file, int line, String text) {
    try {
      double[] row =
          Arrays.stream(text.split("[,\\s]+")).mapToDouble(Double::parseDouble).toArray();
      if (Arrays.stream(row).allMatch(Double::isFinite)) {
        return row;
      }
    } catch (NumberFormatException e) {
      // Reported below, with its line.
    }
    throw new InvalidInputException(
        "%s:%d is not a row of finite numbers, separated by commas or spaces"
            .formatted(file, line));
  }

  /** The training and the test rows of a table. */
  public record Split(Dataset training, Dataset test) implements AutoCloseable {
    @Override
    public void close() {
      training.close();
      test.close();
    }
  }

  /**
   * Draws a test set; every column is shifted and scaled to mean 0 and variance 1 over the training
   * rows, the target too.
   */
  public Split split(double testShare, long seed, DType type) {
    List<Integer> order = new ArrayList<>(IntStream.range(0, rows.length).boxed().toList());
    Collections.shuffle(order, new Random(seed));
    int held = (int) Math.round(rows.length * testShare);
    List<double[]> test = order.subList(0, held).stream().map(i -> rows[i]).toList();
    List<double[]> training = order.subList(held, rows.length).stream().map(i -> rows[i]).toList();
    int columns = rows[0].length;
    double[] mean = new double[columns];
    double[] deviation = new double[columns];
    for (int c = 0; c < columns; c++) {
      int column = c;
      mean[c] = training.stream().mapToDouble(r -> r[column]).average().orElse(0);
      double variance =
          training.stream()
              .mapToDouble(r -> (r[column] - mean[column]) * (r[column] - mean[column]))
              .average()
              .orElse(0);
      deviation[c] = variance > 0 ? Math.sqrt(variance) : 1;
    }
    return new Split(
        dataset(training, mean, deviation, type), dataset(test, mean, deviation, type));
  }

  private static Dataset dataset(
      List<double[]> rows, double[] mean, double[] deviation, DType type) {
    int features = mean.length - 1;
    double[] inputs = new double[rows.size() * features];
    double[] targets = new double[rows.size()];
    for (int r = 0; r < targets.length; r++) {
      double[] row = rows.get(r);
      for (int c = 0; c < features; c++) {
        inputs[r * features + c] = (row[c] - mean[c]) / deviation[c];
      }
      targets[r] = (row[features] - mean[features]) / deviation[features];
    }
    return Dataset.reals(inputs, targets, type);
  }
}
