package dev.whence.budget;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ShrinkingBatchesTest {
  private final List<Integer> tried = new ArrayList<>();

  private String attempt(int tokens, String remark, int fits) {
    tried.add(tokens);
    if (tokens > fits) {
      throw new OutOfMemoryError("Physical memory usage is too high");
    }
    return remark;
  }

  @Test
  void workThatFitsRunsOnceAndSaysNothing() {
    String remarks = ShrinkingBatches.run(4096, (t, remark) -> attempt(t, remark, 4096));
    assertThat(remarks).isEmpty();
    assertThat(tried).containsExactly(4096);
  }

  @Test
  void batchesShrinkUntilTheyFitAndItIsReported() {
    String remarks = ShrinkingBatches.run(4096, (t, remark) -> attempt(t, remark, 1500));
    assertThat(remarks).contains("memory ran out", "1024");
    assertThat(tried).containsExactly(4096, 2048, 1024);
  }

  @Test
  void nothingFitsIsAnErrorAfterTheSmallestBatches() {
    assertThatThrownBy(() -> ShrinkingBatches.run(100, (t, remark) -> attempt(t, remark, 0)))
        .isInstanceOf(OutOfMemoryError.class);
    assertThat(tried).containsExactly(100, 50);
  }

  @Test
  void otherErrorsAreNotTriedAgain() {
    assertThatThrownBy(() ->
            ShrinkingBatches.run(
                4096,
                (t, _) -> {
                  tried.add(t);
                  throw new IllegalStateException("the layer is missing");
                }))
        .isInstanceOf(IllegalStateException.class);
    assertThat(tried).containsExactly(4096);
  }
}
