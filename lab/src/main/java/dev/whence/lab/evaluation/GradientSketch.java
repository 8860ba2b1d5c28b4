package dev.whence.lab.evaluation;

import dev.whence.tensor.Parallel;
import dev.whence.tensor.Tensor;
import dev.whence.tensor.Tensors;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;

/**
 * Ways to keep less of a sequence's half-whitened gradient {@code (Lambda + lambda)^-1/2 * (Q_S^T D
 * Q_A)}, layer by layer: what an index by position is compared with.
 */
sealed interface GradientSketch {
  /** What a table calls it. */
  String name();

  /**
   * What is kept of a layer, before it is rounded.
   *
   * @param layer its number among the tracked ones
   * @param coordinates [batch, out, in]
   * @return [batch, kept]
   */
  Tensor of(int layer, Tensor coordinates);

  /**
   * The coordinates of largest eigenvalue.
   *
   * @param chosen of each layer, their places in the flattened coordinates
   */
  record Truncation(String name, List<long[]> chosen) implements GradientSketch {
    /**
     * Chooses coordinates.
     *
     * @param inverses {@code 1 / (Lambda + lambda)} of each layer, [out, in]
     */
    static Truncation of(String name, List<Tensor> inverses, int count) {
      List<long[]> chosen = new ArrayList<>();
      for (Tensor inverse : inverses) {
        double[] values = inverse.toDoubles();
        chosen.add(
            IntStream.range(0, values.length)
                .boxed()
                .sorted(Comparator.comparingDouble(i -> values[i]))
                .limit(count)
                .mapToLong(i -> i)
                .toArray());
      }
      return new Truncation(name, chosen);
    }

    @Override
    public Tensor of(int layer, Tensor coordinates) {
      long batch = coordinates.size(0);
      long[] places = chosen.get(layer);
      Tensor indices =
          Tensors.of(places, 1, places.length)
              .to(coordinates.device())
              .expand(batch, places.length);
      return coordinates.reshape(batch, -1).gather(1, indices);
    }
  }

  /** A subsampled randomised Hadamard transform of all coordinates. */
  record Hadamard(String name, int count, long seed) implements GradientSketch {
    @Override
    public Tensor of(int layer, Tensor coordinates) {
      int batch = (int) coordinates.size(0);
      int size = (int) (coordinates.size(1) * coordinates.size(2));
      int padded = Integer.highestOneBit(Math.max(1, size - 1)) << 1;
      Random random = new Random(seed + layer);
      float[] signs = new float[size];
      for (int i = 0; i < size; i++) {
        signs[i] = random.nextBoolean() ? 1 : -1;
      }
      int[] sampled = random.ints(0, padded).distinct().limit(Math.min(count, padded)).toArray();
      float[] all = coordinates.toFloats();
      float[] kept = new float[batch * sampled.length];
      List<Callable<List<Tensor>>> pieces = new ArrayList<>();
      for (int b = 0; b < batch; b++) {
        int row = b;
        pieces.add(() -> {
          float[] x = new float[padded];
          for (int i = 0; i < size; i++) {
            x[i] = signs[i] * all[row * size + i];
          }
          transform(x);
          for (int i = 0; i < sampled.length; i++) {
            kept[row * sampled.length + i] = x[sampled[i]];
          }
          return List.of();
        });
      }
      Parallel.run(pieces);
      return Tensors.of(kept, batch, sampled.length)
          .timesInPlace(1 / Math.sqrt(sampled.length))
          .to(coordinates.type());
    }

    /** The Walsh-Hadamard transform, in place and without its scale. */
    static void transform(float... x) {
      for (int half = 1; half < x.length; half <<= 1) {
        for (int start = 0; start < x.length; start += 2 * half) {
          for (int i = start; i < start + half; i++) {
            float a = x[i];
            float b = x[i + half];
            x[i] = a + b;
            x[i + half] = a - b;
          }
        }
      }
    }
  }

  /**
   * A projection of rows and one of columns for each layer.
   *
   * @param left of each layer, [rows, out]; owned by the caller
   * @param right of each layer, [in, columns]; owned by the caller
   */
  record Factored(String name, List<Tensor> left, List<Tensor> right) implements GradientSketch {
    /** Random ones (as TRAK's, in factors). */
    static Factored random(String name, List<Tensor> inverses, int rows, int columns, long seed) {
      Random random = new Random(seed);
      return new Factored(
          name,
          inverses.stream().map(l -> gaussian(random, rows, l.size(0), rows, l).keep()).toList(),
          inverses.stream()
              .map(l -> gaussian(random, l.size(1), columns, columns, l).keep())
              .toList());
    }

    private static Tensor gaussian(Random random, long rows, long columns, int kept, Tensor like) {
      float[] values = new float[(int) (rows * columns)];
      for (int i = 0; i < values.length; i++) {
        values[i] = (float) (random.nextGaussian() / Math.sqrt(kept));
      }
      return Tensors.of(values, rows, columns).to(like.type()).to(like.device());
    }

    /** The eigenvectors of largest eigenvalue on either side (as LoGra's from PCA). */
    static Factored largest(String name, List<Tensor> inverses, int rows, int columns) {
      return new Factored(
          name,
          inverses.stream().map(l -> largest(l, 0, rows).contiguous().keep()).toList(),
          inverses.stream().map(l -> largest(l, 1, columns).contiguous().keep()).toList());
    }

    /** The last unit vectors of a side of a layer: eigenvalues ascend. */
    private static Tensor largest(Tensor layer, int side, int count) {
      long size = layer.size(side);
      long kept = Math.min(count, size);
      return Tensors.identity(layer.type(), layer.device(), size).narrow(side, size - kept, kept);
    }

    @Override
    public Tensor of(int layer, Tensor coordinates) {
      return left.get(layer)
          .matmul(coordinates)
          .matmul(right.get(layer))
          .reshape(coordinates.size(0), -1);
    }

    void close() {
      left.forEach(Tensor::close);
      right.forEach(Tensor::close);
    }
  }

  /** Numbers as they would be read back from one bit each: a sign, and a scale a layer. */
  static Tensor rounded(Tensor kept) {
    Tensor scale = kept.abs().mean(1).unsqueeze(1);
    // x / |x| is its sign; zeros stay zeros.
    return kept.over(kept.abs().plus(1e-30)).timesInPlace(scale);
  }
}
