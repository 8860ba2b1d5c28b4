package dev.whence.benchmarks;

import dev.whence.tensor.DType;
import dev.whence.tensor.Device;
import dev.whence.tensor.Eigen;
import dev.whence.tensor.HashedUniforms;
import dev.whence.tensor.Scope;
import dev.whence.tensor.Tensor;
import dev.whence.tensor.Tensors;
import dev.whence.tensor.Tf32;

/**
 * What a device can do, measured just before.
 *
 * @param gemm GFLOP/s of a large product in float32
 * @param gemmTf32 the same with TF32 allowed; the same as float32 on a CPU
 * @param gemmBfloat16 the same in bfloat16
 * @param copy GB/s read and written by a copy on the device
 * @param fromHost GB/s of a copy to the device from memory that it can read by itself
 * @param eigh1024 seconds of a float64 eigendecomposition on the device
 * @param eigh1024OnHost the same on the CPU
 */
record DeviceCeilings(
    double gemm,
    double gemmTf32,
    double gemmBfloat16,
    double copy,
    double fromHost,
    double eigh1024,
    double eigh1024OnHost) {
  private static final int TRIES = 5;

  /**
   * Measures.
   *
   * @param side of the matrices that are multiplied
   */
  static DeviceCeilings measure(Device device, int side) {
    double float32 = gemm(DType.FLOAT32, device, side);
    double tf32 = float32;
    if (!device.isCpu()) {
      try (Tf32 _ = Tf32.allow(true)) {
        tf32 = gemm(DType.FLOAT32, device, side);
      }
    }
    return new DeviceCeilings(
        float32,
        tf32,
        gemm(DType.BFLOAT16, device, side),
        copy(device, 4L * side * side),
        fromHost(device, side * side),
        eigh(device),
        eigh(Device.CPU));
  }

  /** The ceiling of a precision, GFLOP/s. */
  double of(GpuWorkload.Precision precision) {
    return switch (precision) {
      case FLOAT32 -> gemm;
      case TF32 -> gemmTf32;
      case BFLOAT16 -> gemmBfloat16;
    };
  }

  private static double gemm(DType type, Device device, int side) {
    try (Scope _ = Scope.open()) {
      Tensor a = random(device, side).to(type);
      Tensor b = random(device, side).to(type);
      Tensor sum = Tensors.zeros(type, device, side, side);
      return 2e-9 * side * side * side / best(sum, () -> sum.plusProductInPlace(a, b));
    }
  }

  private static double copy(Device device, long elements) {
    try (Scope _ = Scope.open()) {
      Tensor from = Tensors.ones(DType.FLOAT32, device, elements);
      Tensor to = Tensors.zeros(DType.FLOAT32, device, elements);
      return 8e-9 * elements / best(to, () -> to.copyInPlace(from));
    }
  }

  private static double fromHost(Device device, int elements) {
    long[] values = new long[elements];
    try (Scope _ = Scope.open()) {
      Tensor probe = Tensors.zeros(DType.FLOAT32, device, 1);
      return 8e-9 * elements / best(probe, () -> Tensors.of(values, device, elements));
    }
  }

  private static double eigh(Device device) {
    try (Scope _ = Scope.open()) {
      Tensor x = random(device, 1024).to(DType.FLOAT64);
      Tensor symmetric = x.matmul(x.t());
      return best(symmetric, () -> Eigen.symmetric(symmetric));
    }
  }

  private static Tensor random(Device device, int side) {
    Tensor keys = Tensors.range(DType.INT64, device, side);
    return HashedUniforms.of(1, 0, keys, side).plus(-0.5).to(DType.FLOAT32);
  }

  private static double best(Tensor result, Runnable work) {
    double best = Double.POSITIVE_INFINITY;
    for (int i = 0; i < TRIES; i++) {
      try (Scope _ = Scope.open()) {
        long start = System.nanoTime();
        work.run();
        result.reshape(-1).narrow(0, 0, 1).sum().item(); // waits for an asynchronous device
        best = Math.min(best, (System.nanoTime() - start) * 1e-9);
      }
    }
    return best;
  }
}
