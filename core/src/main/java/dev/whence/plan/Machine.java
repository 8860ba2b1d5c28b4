package dev.whence.plan;

import dev.whence.tensor.DType;
import dev.whence.tensor.Device;
import dev.whence.tensor.Eigen;
import dev.whence.tensor.Scope;
import dev.whence.tensor.SymmetricProduct;
import dev.whence.tensor.Tensor;
import dev.whence.tensor.Tensors;
import java.util.Arrays;
import java.util.Random;

/**
 * The speed of a machine at the operations that a run consists of.
 *
 * @param products multiply-adds a second of a matrix product
 * @param symmetric multiply-adds a second of a symmetric product, which forms one triangle
 * @param bandwidth bytes a second that are read or written by a copy
 * @param secondsPerCube of a float64 eigendecomposition, divided by the cube of its size
 * @param secondsPerCall of an operation on a single element
 */
public record Machine(
    double products,
    double symmetric,
    double bandwidth,
    double secondsPerCube,
    double secondsPerCall) {
  private static final int TRIES = 5;
  private static final int ROWS = 1024;
  private static final int WIDTH = 768;
  private static final int INNER = 3072;
  private static final int COPIED = 1 << 24;
  private static final int DECOMPOSED = 1024;
  private static final int CALLS = 1000;

  /** Measures this machine; takes about two seconds. */
  public static Machine measure(DType type, Device device) {
    try (Scope _ = Scope.open()) {
      Tensor rows = random(ROWS, WIDTH, type, device);
      Tensor wide = random(ROWS, INNER, type.accumulator(), device);
      Tensor weight = random(WIDTH, INNER, type, device);
      Tensor sum = Tensors.zeros(type, device, ROWS, INNER);
      Tensor square = Tensors.zeros(type.accumulator(), device, INNER, INNER);
      Tensor from = Tensors.ones(DType.FLOAT32, device, COPIED);
      Tensor to = Tensors.zeros(DType.FLOAT32, device, COPIED);
      Tensor small = Tensors.ones(type, device, 1);
      return new Machine(
          (double) ROWS * WIDTH * INNER / median(sum, () -> sum.plusProductInPlace(rows, weight)),
          (double) ROWS
              * INNER
              * (INNER + 1)
              / 2
              / median(square, () -> SymmetricProduct.accumulate(square, wide)),
          2.0 * Float.BYTES * COPIED / median(to, () -> to.copyInPlace(from)),
          eigh(Eigen.fastestFor(device)) / Math.pow(DECOMPOSED, 3),
          median(
                  small,
                  () -> {
                    for (int i = 0; i < CALLS; i++) {
                      small.timesInPlace(1);
                    }
                  })
              / CALLS);
    }
  }

  private static double eigh(Device device) {
    Tensor x = random(DECOMPOSED, DECOMPOSED, DType.FLOAT64, device);
    Tensor symmetric = x.matmul(x.t());
    return median(symmetric, () -> Eigen.symmetric(symmetric));
  }

  /** Seconds; the first try, which warms up, does not count. */
  private static double median(Tensor result, Runnable work) {
    double[] seconds = new double[TRIES];
    for (int i = -1; i < TRIES; i++) {
      try (Scope _ = Scope.open()) {
        long start = System.nanoTime();
        work.run();
        result.reshape(-1).narrow(0, 0, 1).sum().item(); // waits for an asynchronous device
        if (i >= 0) {
          seconds[i] = (System.nanoTime() - start) * 1e-9;
        }
      }
    }
    Arrays.sort(seconds);
    return seconds[TRIES / 2];
  }

  private static Tensor random(int rows, int columns, DType type, Device device) {
    Random random = new Random(1);
    float[] values = new float[rows * columns];
    for (int i = 0; i < values.length; i++) {
      values[i] = random.nextFloat() - 0.5f;
    }
    return Tensors.of(values, rows, columns).to(type).to(device);
  }
}
