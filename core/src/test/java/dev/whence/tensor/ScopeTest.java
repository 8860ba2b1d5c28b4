package dev.whence.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import org.junit.jupiter.api.Test;

class ScopeTest {
  @Test
  void everythingMadeInsideGoesWithTheScope() {
    long before = Scope.liveNativeObjects();
    try (Scope _ = Scope.open()) {
      Tensor a = Tensors.of(new double[] {1, 2}, 2);
      assertThat(a.plus(a).times(a).sum().item()).isEqualTo(10);
      assertThat(Scope.liveNativeObjects()).isGreaterThan(before);
    }
    assertThat(Scope.liveNativeObjects()).isEqualTo(before);
  }

  @Test
  void onlyTheResultLeavesItsScope() {
    try (Scope _ = Scope.open()) {
      Tensor a = Tensors.of(new double[] {1, 2}, 2);
      long before = Scope.liveNativeObjects();
      Tensor result = Scope.result(() -> a.plus(1).times(3).minus(a));
      assertThat(Scope.liveNativeObjects()).isEqualTo(before + 1);
      Tensor other = Tensors.of(new double[] {7, 7}, 2); // might reuse memory freed too early
      assertThat(result.toDoubles()).containsExactly(5, 7);
      assertThat(other.toDoubles()).containsExactly(7, 7);
    }
  }

  @Test
  void resultGoesWithTheScopeOutside() {
    long before = Scope.liveNativeObjects();
    try (Scope _ = Scope.open()) {
      Tensor result = Scope.result(() -> Tensors.of(new double[] {1}, 1));
      assertThat(result.item()).isEqualTo(1);
    }
    assertThat(Scope.liveNativeObjects()).isEqualTo(before);
  }

  @Test
  void resultPassesThroughNestedScopes() {
    try (Scope _ = Scope.open()) {
      long before = Scope.liveNativeObjects();
      Tensor result = Scope.result(() -> Scope.result(() -> Tensors.of(new double[] {4}, 1)));
      assertThat(result.item()).isEqualTo(4);
      assertThat(Scope.liveNativeObjects()).isEqualTo(before + 1);
    }
  }

  @Test
  void resultThatIsOldIsStillFreedOnce() {
    long before = Scope.liveNativeObjects();
    try (Scope _ = Scope.open()) {
      Tensor old = Tensors.of(new double[] {1}, 1);
      assertThat(Scope.result(() -> old.to(DType.FLOAT64))).isSameAs(old);
      assertThat(old.item()).isEqualTo(1);
    }
    assertThat(Scope.liveNativeObjects()).isEqualTo(before);
  }

  @Test
  void resultWithoutAScopeOutsideIsItsCallersToClose() {
    long before = Scope.liveNativeObjects();
    Tensor result = Scope.result(() -> Tensors.of(new double[] {1, 2}, 2).plus(1));
    assertThat(result.toDoubles()).containsExactly(2, 3);
    assertThat(Scope.liveNativeObjects()).isEqualTo(before + 1);
    result.close();
    assertThat(Scope.liveNativeObjects()).isEqualTo(before);
  }

  @Test
  void failureInsideLeavesNothing() {
    long before = Scope.liveNativeObjects();
    assertThatThrownBy(() ->
            Scope.result(() -> {
              Tensor a = Tensors.of(new double[] {1, 2}, 2).plus(1);
              throw new IllegalStateException(a.toString());
            }))
        .hasMessage("float64[2]");
    assertThat(Scope.liveNativeObjects()).isEqualTo(before);
  }

  @Test
  void keptTensorOutlivesItsScopeUntilItIsClosed() {
    long before = Scope.liveNativeObjects();
    Tensor kept;
    try (Scope _ = Scope.open()) {
      kept = Tensors.of(new double[] {1, 2, 3}, 3).times(2).keep();
    }
    assertThat(kept.toDoubles()).containsExactly(2, 4, 6);
    assertThat(Scope.liveNativeObjects()).isEqualTo(before + 1);
    kept.close();
    assertThat(Scope.liveNativeObjects()).isEqualTo(before);
  }

  @Test
  void closingAKeptTensorLeavesItToItsScope() {
    try (Scope _ = Scope.open()) {
      Tensor a = Tensors.of(new double[] {1, 2}, 2).keep();
      a.close();
      assertThat(a.toDoubles()).containsExactly(1, 2);
    }
  }

  @Test
  void viewKeepsItsMemoryWhenTheWholeIsFreed() {
    try (Scope _ = Scope.open()) {
      Tensor row = Scope.result(() -> Tensors.of(new double[] {1, 2, 3, 4}, 2, 2).select(0, 1));
      Tensors.zeros(DType.FLOAT64, Device.CPU, 2, 2); // might get that memory
      assertThat(row.toDoubles()).containsExactly(3, 4);
    }
  }

  @Test
  void readingValuesLeavesNothing() {
    try (Scope _ = Scope.open()) {
      Tensor a = Tensors.of(new double[] {1, 2}, 2).t();
      long before = Scope.liveNativeObjects();
      assertThat(a.toFloats()).containsExactly(1, 2);
      assertThat(a.toDoubles()).containsExactly(1, 2);
      assertThat(a.toLongs()).containsExactly(1, 2);
      assertThat(Scope.liveNativeObjects()).isEqualTo(before);
    }
  }

  @Test
  void partsOfNativeTuplesOutliveTheirContainer() {
    long before = Scope.liveNativeObjects();
    try (Scope _ = Scope.open()) {
      Tensor matrix = Tensors.of(new double[] {2, 1, 1, 2}, 2, 2);
      Tensor values = Scope.result(() -> Eigen.symmetric(matrix).values());
      Tensor singular = Scope.result(() -> Eigen.singular(matrix).s());
      Tensor gradient =
          Scope.result(() -> {
            Tensor x = Tensors.of(new double[] {1, 2}, 2).requireGradient();
            return Autograd.gradients(x.square().sum(), Tensors.of(new double[] {1}), List.of(x))
                .getFirst();
          });
      overwriteFreedMemory();
      assertThat(values.toDoubles()).containsExactly(new double[] {1, 3}, within(1e-12));
      assertThat(singular.toDoubles()).containsExactly(new double[] {3, 1}, within(1e-12));
      assertThat(gradient.toDoubles()).containsExactly(2, 4);
    }
    assertThat(Scope.liveNativeObjects()).isEqualTo(before);
  }

  private static void overwriteFreedMemory() {
    for (int i = 0; i < 100; i++) {
      try (Scope _ = Scope.open()) {
        Tensors.of(new double[] {-7, -7}, 2).plus(i).times(i);
      }
    }
  }
}
