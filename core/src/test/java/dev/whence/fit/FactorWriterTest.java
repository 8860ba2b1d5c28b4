package dev.whence.fit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.whence.curvature.Eigenbasis;
import dev.whence.curvature.LayerFactors.Kronecker;
import dev.whence.tensor.DType;
import dev.whence.tensor.Device;
import dev.whence.tensor.Scope;
import dev.whence.tensor.Tensors;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

class FactorWriterTest {
  private static void withBases(Consumer<Kronecker> check) {
    try (Scope _ = Scope.open();
        Eigenbasis basis =
            Eigenbasis.of(
                new dev.whence.curvature.Blocks(2, 1),
                List.of(Tensors.identity(DType.FLOAT64, Device.CPU, 2)))) {
      check.accept(new Kronecker(basis, basis, 1));
    }
  }

  @Test
  void writesInOrderOnAnotherThreadWhileTheCallerGoesOn() {
    withBases(bases -> {
      CountDownLatch callerHasGoneOn = new CountDownLatch(1);
      ConcurrentLinkedQueue<Integer> written = new ConcurrentLinkedQueue<>();
      try (FactorWriter writer =
          new FactorWriter((layer, _) -> {
            await(callerHasGoneOn);
            written.add(layer);
          })) {
        for (int layer = 0; layer < 5; layer++) {
          writer.take(layer, bases);
        }
        assertThat(written).isEmpty();
        callerHasGoneOn.countDown();
      }
      assertThat(written).containsExactly(0, 1, 2, 3, 4);
    });
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void throwsWhatTheFirstFailedLayerThrew() {
    withBases(bases -> {
      FactorWriter writer =
          new FactorWriter((layer, _) -> {
            if (layer > 0) {
              throw new UncheckedIOException(new IOException("no room for layer " + layer));
            }
          });
      for (int layer = 0; layer < 3; layer++) {
        writer.take(layer, bases);
      }
      assertThatThrownBy(writer::close)
          .isInstanceOf(UncheckedIOException.class)
          .hasMessageContaining("layer 1");
    });
  }
}
