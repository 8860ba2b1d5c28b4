package dev.whence.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.whence.tensor.DType;
import dev.whence.tensor.Scope;
import dev.whence.tensor.Tensors;
import dev.whence.testing.TestDevice;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag(TestDevice.TAG)
class PositionTableTest {
  private final List<Integer> made = Collections.synchronizedList(new ArrayList<>());

  private PositionTable counting() {
    return new PositionTable(n -> {
      made.add(n);
      return Tensors.range(DType.FLOAT64, TestDevice.DEVICE, n);
    });
  }

  @Test
  void isMadeAgainOnlyForLongerSequences() {
    try (PositionTable table = counting();
        Scope _ = Scope.open()) {
      for (int positions : new int[] {5, 64, 3, 65, 100, 128, 7, 300}) {
        assertThat(table.first(positions).toDoubles())
            .containsExactly(IntStream.range(0, positions).asDoubleStream().toArray());
      }
      assertThat(made).containsExactly(64, 128, 512);
    }
  }

  @Test
  void tablesInUseOutliveALongerOne() {
    try (PositionTable table = counting();
        Scope _ = Scope.open()) {
      var early = table.first(3);
      table.first(1000);
      assertThat(early.toDoubles()).containsExactly(0, 1, 2);
    }
  }

  @Test
  void threadsShareOneTable() {
    try (PositionTable table = counting()) {
      IntStream.range(0, 64)
          .parallel()
          .forEach(_ -> {
            try (Scope _ = Scope.open()) {
              assertThat(table.first(40).size(0)).isEqualTo(40);
            }
          });
      assertThat(made).containsExactly(64);
    }
  }
}
