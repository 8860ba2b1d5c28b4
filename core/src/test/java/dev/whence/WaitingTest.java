package dev.whence;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.Test;

class WaitingTest {
  @Test
  void givesTheResult() {
    assertThat(Waiting.forResult(CompletableFuture.completedFuture("done"))).isEqualTo("done");
  }

  @Test
  void throwsWhatTheWorkThrew() {
    assertThatThrownBy(() -> Waiting.forResult(failed(new ArithmeticException("no number"))))
        .isInstanceOf(ArithmeticException.class)
        .hasMessage("no number");
    assertThatThrownBy(() -> Waiting.forResult(failed(new OutOfMemoryError("full"))))
        .isInstanceOf(OutOfMemoryError.class)
        .hasMessage("full");
    assertThatThrownBy(() -> Waiting.forResult(failed(new IOException("disk"))))
        .isInstanceOf(IllegalStateException.class)
        .hasCauseInstanceOf(IOException.class);
  }

  private static CompletableFuture<String> failed(Throwable failure) {
    return CompletableFuture.failedFuture(failure);
  }

  @Test
  void waitsToTheEndThoughItIsInterrupted() throws InterruptedException {
    CountDownLatch mayEnd = new CountDownLatch(1);
    FutureTask<Boolean> work =
        new FutureTask<>(() -> {
          mayEnd.await();
          return true;
        });
    Thread.ofPlatform().start(work);
    FutureTask<Boolean> waiting =
        new FutureTask<>(() -> {
          Thread.currentThread().interrupt();
          boolean result = Waiting.forResult(work);
          return result && Thread.currentThread().isInterrupted();
        });
    Thread waiter = Thread.ofPlatform().start(waiting);
    mayEnd.countDown();
    waiter.join();
    assertThat(Waiting.forResult(waiting)).as("done, and interrupted still").isTrue();
  }
}
