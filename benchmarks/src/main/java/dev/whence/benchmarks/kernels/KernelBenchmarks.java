package dev.whence.benchmarks.kernels;

import dev.whence.influence.LayerQueries;
import dev.whence.tensor.DType;
import dev.whence.tensor.Device;
import dev.whence.tensor.Eigen;
import dev.whence.tensor.RandomizedSvd;
import dev.whence.tensor.Scope;
import dev.whence.tensor.SymmetricProduct;
import dev.whence.tensor.Tensor;
import dev.whence.tensor.Tensors;
import dev.whence.trace.Trace;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** The kernels of one batch of four sequences of 256 positions at a GPT-2 small MLP layer. */
@State(org.openjdk.jmh.annotations.Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Fork(1)
@Warmup(iterations = 2, time = 1)
@Measurement(iterations = 5, time = 1)
public class KernelBenchmarks {
  private static final int BATCH = 4;
  private static final int POSITIONS = 256;
  private static final int WIDTH = 768;
  private static final int INNER = 3072;
  private static final int QUERIES = 64;
  private static final int RANK = 32;

  private Tensor inputs = tensor(BATCH, POSITIONS, WIDTH);
  private Tensor gradients = tensor(BATCH, POSITIONS, INNER);
  private Tensor sum = Tensors.zeros(DType.FLOAT32, Device.CPU, INNER, INNER);
  private Tensor matrix = tensor(INNER, WIDTH);
  private LayerQueries.LowRank queries =
      new LayerQueries.LowRank(tensor(QUERIES, INNER, RANK), tensor(QUERIES, RANK, WIDTH));
  private List<Trace.Use> uses = List.of(new Trace.Use(inputs, gradients));

  private static Tensor tensor(int... shape) {
    Random random = new Random(1);
    long[] sizes = java.util.Arrays.stream(shape).asLongStream().toArray();
    float[] values = new float[java.util.Arrays.stream(shape).reduce(1, (a, b) -> a * b)];
    for (int i = 0; i < values.length; i++) {
      values[i] = random.nextFloat() - 0.5f;
    }
    return Tensors.of(values, sizes);
  }

  @Benchmark
  public void covarianceByHalfAProduct() {
    SymmetricProduct.accumulate(sum, gradients.reshape(-1, INNER));
  }

  @Benchmark
  public void covarianceByAWholeProduct() {
    try (Scope _ = Scope.open()) {
      Tensor rows = gradients.reshape(-1, INNER);
      sum.plusProductInPlace(rows.t(), rows);
    }
  }

  @Benchmark
  public void sequenceGradients() {
    try (Scope _ = Scope.open()) {
      Trace.sequenceGradients(uses);
    }
  }

  @Benchmark
  public void scoresByPositions() {
    try (Scope _ = Scope.open()) {
      queries.byPositions(uses);
    }
  }

  @Benchmark
  public void scoresByGradients() {
    try (Scope _ = Scope.open()) {
      queries.byGradients(uses);
    }
  }

  @Benchmark
  public void rank32BySubspaceIteration() {
    try (Scope _ = Scope.open()) {
      RandomizedSvd.of(matrix, RANK);
    }
  }

  @Benchmark
  public void wholeSingularValueDecomposition() {
    try (Scope _ = Scope.open()) {
      Eigen.singular(matrix);
    }
  }
}
