package dev.whence.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class Tf32Test {
  @Test
  void holdsUntilItIsClosed() {
    assertThat(Tf32.isAllowed()).as("never silently").isFalse();
    try (Tf32 _ = Tf32.allow(true)) {
      assertThat(Tf32.isAllowed()).isTrue();
      try (Tf32 _ = Tf32.allow(false)) {
        assertThat(Tf32.isAllowed()).isFalse();
      }
      assertThat(Tf32.isAllowed()).isTrue();
    }
    assertThat(Tf32.isAllowed()).isFalse();
  }
}
