package dev.whence.curvature;

import dev.whence.tensor.Tensor;
import dev.whence.tensor.Tensors;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/** Matrix algebra by loops over {@code double[row][column]}: slow and obvious. */
public final class Dense {
  private Dense() {}

  public static double[][] random(Random random, int rows, int columns) {
    double[][] matrix = new double[rows][columns];
    for (double[] row : matrix) {
      Arrays.setAll(row, _ -> random.nextGaussian());
    }
    return matrix;
  }

  public static double[][] times(double[][] a, double[][] b) {
    double[][] product = new double[a.length][b[0].length];
    for (int i = 0; i < a.length; i++) {
      for (int k = 0; k < b.length; k++) {
        for (int j = 0; j < b[0].length; j++) {
          product[i][j] += a[i][k] * b[k][j];
        }
      }
    }
    return product;
  }

  public static double[][] transpose(double[][] a) {
    double[][] t = new double[a[0].length][a.length];
    for (int i = 0; i < a.length; i++) {
      for (int j = 0; j < a[0].length; j++) {
        t[j][i] = a[i][j];
      }
    }
    return t;
  }

  /** The Kronecker product: acts on matrices [rows of s, rows of a] laid out row after row. */
  public static double[][] kronecker(double[][] s, double[][] a) {
    double[][] product = new double[s.length * a.length][s[0].length * a[0].length];
    for (int i = 0; i < product.length; i++) {
      for (int j = 0; j < product[0].length; j++) {
        product[i][j] = s[i / a.length][j / a[0].length] * a[i % a.length][j % a[0].length];
      }
    }
    return product;
  }

  /** {@code a + value I}. */
  public static double[][] plusIdentity(double[][] a, double value) {
    double[][] sum = Arrays.stream(a).map(double[]::clone).toArray(double[][]::new);
    for (int i = 0; i < a.length; i++) {
      sum[i][i] += value;
    }
    return sum;
  }

  /** The inverse, by Gauss-Jordan elimination with row exchanges. */
  public static double[][] inverse(double[][] matrix) {
    int n = matrix.length;
    double[][] left = Arrays.stream(matrix).map(double[]::clone).toArray(double[][]::new);
    double[][] right = plusIdentity(new double[n][n], 1);
    for (int c = 0; c < n; c++) {
      int pivot = c;
      for (int r = c + 1; r < n; r++) {
        pivot = Math.abs(left[r][c]) > Math.abs(left[pivot][c]) ? r : pivot;
      }
      exchange(left, c, pivot);
      exchange(right, c, pivot);
      double scale = 1 / left[c][c];
      for (int j = 0; j < n; j++) {
        left[c][j] *= scale;
        right[c][j] *= scale;
      }
      for (int r = 0; r < n; r++) {
        double factor = r == c ? 0 : left[r][c];
        for (int j = 0; j < n; j++) {
          left[r][j] -= factor * left[c][j];
          right[r][j] -= factor * right[c][j];
        }
      }
    }
    return right;
  }

  private static void exchange(double[][] rows, int a, int b) {
    double[] row = rows[a];
    rows[a] = rows[b];
    rows[b] = row;
  }

  /** {@code a} applied to a matrix laid out row after row. */
  public static double[] apply(double[][] a, double... x) {
    return Arrays.stream(a).mapToDouble(row -> dot(row, x)).toArray();
  }

  public static double dot(double[] a, double... b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += a[i] * b[i];
    }
    return sum;
  }

  public static double trace(double[][] a) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += a[i][i];
    }
    return sum;
  }

  /** The mean of {@code v v^T} over some vectors. */
  public static double[][] meanOuterProduct(List<double[]> vectors) {
    int n = vectors.getFirst().length;
    double[][] mean = new double[n][n];
    for (double[] v : vectors) {
      for (int i = 0; i < n; i++) {
        for (int j = 0; j < n; j++) {
          mean[i][j] += v[i] * v[j] / vectors.size();
        }
      }
    }
    return mean;
  }

  /** Zero outside the diagonal blocks. */
  public static double[][] onlyBlocks(double[][] a, Blocks blocks) {
    double[][] result = new double[a.length][a.length];
    for (int b = 0; b < blocks.count(); b++) {
      for (int i = blocks.start(b); i < blocks.start(b + 1); i++) {
        int length = blocks.length(b);
        System.arraycopy(a[i], blocks.start(b), result[i], blocks.start(b), length);
      }
    }
    return result;
  }

  /** All rows, one after the other. */
  public static double[] flat(double[][] a) {
    return Arrays.stream(a).flatMapToDouble(Arrays::stream).toArray();
  }

  public static Tensor tensor(double[][] a) {
    return Tensors.of(flat(a), a.length, a[0].length);
  }

  /** A matrix [rows, columns]. */
  public static double[][] of(Tensor tensor) {
    double[] values = tensor.toDoubles();
    int columns = (int) tensor.size(1);
    double[][] rows = new double[(int) tensor.size(0)][];
    Arrays.setAll(rows, i -> Arrays.copyOfRange(values, i * columns, (i + 1) * columns));
    return rows;
  }

  /** The largest difference, relative to the largest expected value. */
  public static double error(double[] actual, double... expected) {
    if (actual.length != expected.length) {
      throw new AssertionError(
          actual.length + " values where " + expected.length + " are expected");
    }
    double difference = 0;
    double scale = 0;
    for (int i = 0; i < actual.length; i++) {
      // Written so that a value that is not a number counts as an infinite difference.
      double d = Math.abs(actual[i] - expected[i]);
      difference = d <= difference ? difference : Double.isNaN(d) ? Double.POSITIVE_INFINITY : d;
      scale = Math.max(scale, Math.abs(expected[i]));
    }
    return difference / (scale == 0 ? 1 : scale);
  }
}
