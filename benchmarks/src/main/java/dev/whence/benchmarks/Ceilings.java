package dev.whence.benchmarks;

import dev.whence.tensor.DType;
import dev.whence.tensor.Device;
import dev.whence.tensor.Eigen;
import dev.whence.tensor.Scope;
import dev.whence.tensor.Tensor;
import dev.whence.tensor.Tensors;
import java.util.Random;

/**
 * What the machine can do, measured just before: the denominator of every share.
 *
 * @param gemmSmall GFLOP/s of [2048, 768] x [768, 3072] in float32
 * @param gemmLarge GFLOP/s of 4096^3 in float32
 * @param copy GB/s read and written by a copy of 256 MiB
 * @param eigh768 seconds of a float64 eigendecomposition
 * @param eigh3072 the same for 3072
 */
record Ceilings(double gemmSmall, double gemmLarge, double copy, double eigh768, double eigh3072) {
  private static final int TRIES = 7;

  static Ceilings measure() {
    return new Ceilings(
        gemm(2048, 768, 3072), gemm(4096, 4096, 4096), copy(1 << 26), eigh(768), eigh(3072));
  }

  private static double gemm(int m, int k, int n) {
    try (Scope _ = Scope.open()) {
      Tensor a = random(m, k);
      Tensor b = random(k, n);
      Tensor sum = Tensors.zeros(DType.FLOAT32, Device.CPU, m, n);
      return 2e-9 * m * k * n / best(() -> sum.plusProductInPlace(a, b));
    }
  }

  private static double copy(long elements) {
    try (Scope _ = Scope.open()) {
      Tensor from = Tensors.ones(DType.FLOAT32, Device.CPU, elements);
      Tensor to = Tensors.zeros(DType.FLOAT32, Device.CPU, elements);
      return 8e-9 * elements / best(() -> to.copyInPlace(from));
    }
  }

  private static double eigh(int n) {
    try (Scope _ = Scope.open()) {
      Tensor x = random(n, n).to(DType.FLOAT64);
      Tensor symmetric = x.matmul(x.t());
      long start = System.nanoTime();
      Eigen.symmetric(symmetric);
      return (System.nanoTime() - start) * 1e-9;
    }
  }

  private static Tensor random(int rows, int columns) {
    Random random = new Random(1);
    float[] values = new float[rows * columns];
    for (int i = 0; i < values.length; i++) {
      values[i] = random.nextFloat() - 0.5f;
    }
    return Tensors.of(values, rows, columns);
  }

  private static double best(Runnable work) {
    double best = Double.POSITIVE_INFINITY;
    for (int i = 0; i < TRIES; i++) {
      long start = System.nanoTime();
      work.run();
      best = Math.min(best, (System.nanoTime() - start) * 1e-9);
    }
    return best;
  }
}
