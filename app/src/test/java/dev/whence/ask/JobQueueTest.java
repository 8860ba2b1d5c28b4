package dev.whence.ask;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.whence.InvalidInputException;
import dev.whence.Progress;
import dev.whence.ask.JobQueue.Status;
import dev.whence.curvature.CurvatureKind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class JobQueueTest {
  private static final Duration LONG = Duration.ofHours(1);

  @TempDir private Path folder;

  /** Answers when it is told to, and can be cancelled at any time. */
  private static final class Slow implements JobQueue.Answerer {
    private final BlockingQueue<String> begun = new LinkedBlockingQueue<>();
    private final CountDownLatch go = new CountDownLatch(1);

    @Override
    public void answer(Job job, Path results, Progress progress) {
      begun.add(job.id());
      try (Progress.Stage stage = progress.begin("thinking", 10, "thoughts")) {
        while (!wait(go)) {
          stage.advance(0);
        }
        stage.advance(10);
      }
    }

    private static boolean wait(CountDownLatch latch) {
      try {
        return latch.await(1, TimeUnit.MILLISECONDS);
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }
  }

  private static Question question(String completion) {
    return new Question("r", "made from", "p", completion, CurvatureKind.EKFAC, 0.1, 0, 0, 10);
  }

  private static Status over(JobQueue queue, String id) throws InterruptedException {
    while (true) {
      Status status = queue.status(id).orElseThrow();
      if (status.job().state().isOver()) {
        return status;
      }
      Thread.onSpinWait();
    }
  }

  @Test
  void oneAtATimeInTheOrderOfAsking() throws InterruptedException {
    Slow slow = new Slow();
    try (JobQueue queue = new JobQueue(folder, LONG, slow)) {
      queue.ask(question("a"));
      queue.ask(question("b"));
      assertThat(slow.begun.take()).isEqualTo("1");
      Status running = queue.status("1").orElseThrow();
      assertThat(running.job().state()).isEqualTo(Job.State.RUNNING);
      Status waiting = queue.status("2").orElseThrow();
      assertThat(waiting.job().state()).isEqualTo(Job.State.QUEUED);
      assertThat(waiting.ahead()).isEqualTo(1);
      slow.go.countDown();
      assertThat(over(queue, "1").job().state()).isEqualTo(Job.State.DONE);
      assertThat(over(queue, "2").job().state()).isEqualTo(Job.State.DONE);
      assertThat(queue.all()).extracting(Job::id).containsExactly("2", "1");
    }
  }

  @Test
  void whatWasNotFinishedIsTakenUpAgain() throws InterruptedException {
    Slow slow = new Slow();
    try (JobQueue queue = new JobQueue(folder, LONG, slow)) {
      queue.ask(question("a"));
      queue.ask(question("b"));
      slow.begun.take();
    }
    Slow second = new Slow();
    second.go.countDown();
    try (JobQueue queue = new JobQueue(folder, LONG, second)) {
      assertThat(over(queue, "2").job().state()).isEqualTo(Job.State.DONE);
      assertThat(second.begun).containsExactly("1", "2");
      assertThat(queue.status("1").orElseThrow().job().question()).isEqualTo(question("a"));
    }
    try (JobQueue queue = new JobQueue(folder, LONG, new Slow())) {
      assertThat(queue.all()).allMatch(j -> j.state() == Job.State.DONE);
      assertThat(queue.ask(question("c")).id()).isEqualTo("3");
    }
  }

  @Test
  void runningAndWaitingQuestionsCanBeCancelled() throws InterruptedException {
    Slow slow = new Slow();
    try (JobQueue queue = new JobQueue(folder, LONG, slow)) {
      queue.ask(question("a"));
      queue.ask(question("b"));
      slow.begun.take();
      queue.cancel("2");
      queue.cancel("1");
      assertThat(over(queue, "1").job().state()).isEqualTo(Job.State.CANCELLED);
      assertThat(over(queue, "2").job().state()).isEqualTo(Job.State.CANCELLED);
      assertThat(slow.begun).isEmpty();
      queue.cancel("1");
      queue.cancel("no such job");
    }
  }

  @Test
  void whatWasCancelledIsNotTakenUpAgain() throws InterruptedException {
    Slow slow = new Slow();
    try (JobQueue queue = new JobQueue(folder, LONG, slow)) {
      queue.ask(question("a"));
      slow.begun.take();
      queue.cancel("1");
    }
    try (JobQueue queue = new JobQueue(folder, LONG, new Slow())) {
      assertThat(queue.status("1").orElseThrow().job().state()).isEqualTo(Job.State.CANCELLED);
    }
  }

  @Test
  void aJobThatTakesTooLongFailsAndSaysSo() throws InterruptedException {
    try (JobQueue queue = new JobQueue(folder, Duration.ZERO, new Slow())) {
      queue.ask(question("a"));
      Status status = over(queue, "1");
      assertThat(status.job().state()).isEqualTo(Job.State.FAILED);
      assertThat(status.job().error().orElseThrow()).contains("--job-minutes");
    }
  }

  @Test
  void aFailureIsKeptInWords() throws InterruptedException {
    try (JobQueue queue =
        new JobQueue(
            folder,
            LONG,
            (_, _, _) -> {
              throw new InvalidInputException("the model is gone");
            })) {
      queue.ask(question("a"));
      assertThat(over(queue, "1").job().error()).contains("the model is gone");
    }
  }

  @Test
  void anErrorEndsOneQuestionAndNotTheQueue() throws InterruptedException {
    try (JobQueue queue =
        new JobQueue(
            folder,
            LONG,
            (job, _, _) -> {
              if (job.id().equals("1")) {
                throw new OutOfMemoryError("Java heap space");
              }
            })) {
      queue.ask(question("a"));
      queue.ask(question("b"));
      assertThat(over(queue, "2").job().state()).isEqualTo(Job.State.DONE);
      assertThat(over(queue, "1").job().error()).contains("there was not enough memory");
    }
  }

  @Test
  void aSecondQueueOnTheSameFolderIsRefused() {
    try (JobQueue _ = new JobQueue(folder, LONG, new Slow())) {
      assertThatThrownBy(() -> new JobQueue(folder, LONG, new Slow()))
          .isInstanceOf(InvalidInputException.class)
          .hasMessageContaining("--asked");
    }
    new JobQueue(folder, LONG, new Slow()).close();
  }

  @Test
  void badQuestionsAndDamagedJobsAreRefused() throws IOException {
    assertThatThrownBy(() -> question("")).hasMessageContaining("completion");
    assertThatThrownBy(() -> question("x".repeat(20_001))).hasMessageContaining("20,000");
    Files.createDirectories(folder.resolve("1"));
    Files.writeString(folder.resolve("1").resolve("job.json"), "{");
    assertThatThrownBy(() -> new JobQueue(folder, LONG, new Slow()))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("job.json");
  }
}
