package dev.whence.fit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.whence.budget.LayerShape;
import dev.whence.budget.MemoryBudget;
import dev.whence.budget.ModelShape;
import dev.whence.curvature.Blocks;
import dev.whence.curvature.Covariance;
import dev.whence.curvature.Eigenbasis;
import dev.whence.tensor.DType;
import dev.whence.tensor.Device;
import dev.whence.tensor.NativeMemory;
import dev.whence.tensor.Scope;
import dev.whence.tensor.Tensor;
import dev.whence.tensor.Tensors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** What a decomposition takes beside its covariance, by the system's own account. */
class DecompositionMemoryTest {
  private static final int SIZE = 2_000;
  private static final Path CLEAR = Path.of("/proc/self/clear_refs");
  private static final Path STATUS = Path.of("/proc/self/status");

  @Test
  void decompositionTakesNoMoreThanIsPlanned() throws IOException {
    assumeTrue(Files.isWritable(CLEAR), "only Linux tells a process's peak");
    LayerShape layer = new LayerShape("layer", SIZE, SIZE);
    FitMemory memory =
        FitMemory.of(
            new ModelShape(List.of(layer), SIZE, 1, 1, SIZE, 1, 1),
            List.of(layer),
            FitSettings.DEFAULT.computing(c -> c.withMemory(new MemoryBudget(1L << 40))),
            2,
            false);
    try (Scope _ = Scope.open();
        Covariance covariance = Covariance.zero(new Blocks(SIZE, 1), DType.FLOAT32, Device.CPU)) {
      float[] rows = new float[10 * SIZE];
      Random random = new Random(1);
      for (int i = 0; i < rows.length; i++) {
        rows[i] = (float) random.nextGaussian();
      }
      covariance.add(Tensors.of(rows, 10, SIZE));
      covariance.sums().forEach(sum -> sum.complete());
      NativeMemory.giveBack();
      Files.writeString(CLEAR, "5"); // begins a new peak
      long before = peak();
      try (Eigenbasis basis = covariance.eigenbasis(10, DType.FLOAT32)) {
        assertThat(basis.values().elements()).isEqualTo(SIZE);
        long bases = (long) SIZE * SIZE * DType.FLOAT32.bytes();
        // Threads of the linear algebra library take some buffers of their own.
        long buffers = 64L << 20;
        assertThat(peak() - before)
            .isLessThan(memory.decompositionBytes(layer) + bases + buffers)
            .as("the measurement sees the decomposition")
            .isGreaterThan(memory.decompositionBytes(layer) / 2);
        NativeMemory.giveBack();
        Files.writeString(CLEAR, "5");
        long written = peak();
        List<Tensor> means = new ArrayList<>(covariance.mean(10, DType.FLOAT32)); // of inputs
        NativeMemory.giveBack();
        means.addAll(covariance.mean(10, DType.FLOAT32)); // and as if of output gradients
        assertThat(means).hasSize(2);
        long few = 8L << 20;
        assertThat(peak() - written).isLessThan(memory.decompositionBytes(layer) + few);
      }
    }
  }

  private static long peak() throws IOException {
    return Files.readAllLines(STATUS).stream()
        .filter(line -> line.startsWith("VmHWM"))
        .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) << 10)
        .findFirst()
        .orElseThrow();
  }
}
