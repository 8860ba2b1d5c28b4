package dev.whence.ask;

import dev.whence.InvalidInputException;
import dev.whence.Json;
import dev.whence.Progress;
import dev.whence.folder.AtomicFile;
import dev.whence.folder.FolderLock;
import dev.whence.tensor.NativeErrors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CancellationException;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.core.JacksonException;

/**
 * Questions, answered one at a time in the order in which they were asked. Each has a folder with
 * {@code job.json} and, in the end, {@code results}; what was not finished when the program ended
 * is taken up again.
 */
public final class JobQueue implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(JobQueue.class);
  private static final String JOB = "job.json";
  private static final int MOST_WAITING = 100;

  private final Path folder;
  private final Duration limit;
  private final Answerer answerer;
  private final FolderLock lock;
  private final Thread worker;
  private final Map<String, Job> jobs = new LinkedHashMap<>();
  private @Nullable JobProgress running;
  private boolean closed;

  /** Answers a question: fills the folder {@code results}, or goes on where it was stopped. */
  @FunctionalInterface
  public interface Answerer {
    void answer(Job job, Path results, Progress progress);
  }

  /**
   * A job and how far it is.
   *
   * @param secondsLeft of the stage that runs; empty while that is not known
   * @param ahead how many are answered before it
   */
  public record Status(
      Job job,
      String what,
      long done,
      long total,
      String unit,
      OptionalLong secondsLeft,
      int ahead) {}

  /**
   * Opens a queue and begins to answer the questions that wait in it.
   *
   * @param folder of all jobs, made if it is not there
   * @param limit how long a job may take
   * @throws InvalidInputException when a job in it cannot be read, or another queue has it open
   */
  public JobQueue(Path folder, Duration limit, Answerer answerer) {
    this.folder = folder;
    this.limit = limit;
    this.answerer = answerer;
    this.lock = lock(folder);
    try {
      restore();
    } catch (RuntimeException e) {
      lock.close();
      throw e;
    }
    this.worker = Thread.ofPlatform().name("answers").daemon().unstarted(this::work);
    worker.start();
  }

  private static FolderLock lock(Path folder) {
    try {
      return FolderLock.tryTake(folder)
          .orElseThrow(() ->
              new InvalidInputException(
                  "another explorer answers the questions in "
                      + folder
                      + "; give another --asked"));
    } catch (IOException e) {
      throw AtomicFile.failed("write to", folder, e);
    }
  }

  private void restore() {
    try (Stream<Path> entries = Files.list(folder)) {
      for (Path entry :
          entries
              .filter(e -> Files.exists(e.resolve(JOB)))
              .sorted(Comparator.comparingInt(e -> number(e.getFileName().toString())))
              .toList()) {
        Job job = read(entry.resolve(JOB));
        jobs.put(job.id(), job.state().isOver() ? job : job.in(Job.State.QUEUED));
      }
    } catch (IOException e) {
      throw AtomicFile.unreadable(folder, e);
    }
  }

  private static int number(String name) {
    return name.matches("\\d{1,9}") ? Integer.parseInt(name) : Integer.MAX_VALUE;
  }

  private static Job read(Path file) throws IOException {
    try {
      return Json.MAPPER.readValue(Files.readAllBytes(file), Job.class);
    } catch (JacksonException e) {
      throw new InvalidInputException(file + " is damaged; remove its folder", e);
    }
  }

  /** Where a job's results are, or will be. */
  public Path results(String id) {
    return folder.resolve(id).resolve("results");
  }

  /**
   * Queues a question.
   *
   * @throws InvalidInputException when too many wait already
   */
  public synchronized Job ask(Question question) {
    if (jobs.values().stream().filter(j -> !j.state().isOver()).count() >= MOST_WAITING) {
      throw new InvalidInputException(MOST_WAITING + " questions wait already; ask again later");
    }
    int last = jobs.keySet().stream().mapToInt(JobQueue::number).max().orElse(0);
    Job job =
        new Job(
            "" + (last + 1),
            question,
            Job.State.QUEUED,
            Instant.now().toString(),
            Optional.empty());
    put(job);
    notifyAll();
    return job;
  }

  private void put(Job job) {
    Path file = folder.resolve(job.id()).resolve(JOB);
    try {
      Files.createDirectories(folder.resolve(job.id()));
      AtomicFile.write(file, Json.MAPPER.writeValueAsString(job) + "\n");
    } catch (IOException e) {
      throw AtomicFile.failed("write", file, e);
    }
    jobs.put(job.id(), job);
  }

  /** All jobs, the latest first. */
  public synchronized List<Job> all() {
    return jobs.values().stream().toList().reversed();
  }

  /** How far a job is. */
  public synchronized Optional<Status> status(String id) {
    Job job = jobs.get(id);
    if (job == null) {
      return Optional.empty();
    }
    JobProgress progress = running;
    if (job.state() == Job.State.RUNNING && progress != null) {
      JobProgress.Step step = progress.step();
      return Optional.of(
          new Status(
              job,
              progress.isCancelled() ? "stopping" : step.what(),
              step.done(),
              step.total(),
              step.unit(),
              step.secondsLeft(),
              0));
    }
    int ahead =
        (int)
            jobs.values().stream()
                .takeWhile(j -> !j.id().equals(id))
                .filter(j -> !j.state().isOver())
                .count();
    return Optional.of(new Status(job, "", 0, 0, "", OptionalLong.empty(), ahead));
  }

  /** Stops a job, or takes it from the queue; one that is over stays as it is. */
  public synchronized void cancel(String id) {
    Job job = jobs.get(id);
    if (job == null || job.state().isOver()) {
      return;
    }
    if (job.state() == Job.State.RUNNING && running != null) {
      running.cancel();
    } else {
      put(job.in(Job.State.CANCELLED));
    }
  }

  private void work() {
    for (Optional<Running> next = begin(); next.isPresent(); next = begin()) {
      Job job = next.get().job;
      Job over = answer(job, next.get().progress);
      synchronized (this) {
        running = null;
        boolean unfinished =
            over.state() == Job.State.CANCELLED && !next.get().progress.isCancelled();
        if (!unfinished) {
          keep(over);
        }
      }
    }
  }

  private record Running(Job job, JobProgress progress) {}

  /** Waits for a job and marks it as running; empty when the queue is closed. */
  private synchronized Optional<Running> begin() {
    Optional<Job> next = next();
    while (next.isEmpty() && !closed) {
      try {
        wait();
      } catch (InterruptedException _) {
        return Optional.empty();
      }
      next = next();
    }
    if (closed) {
      return Optional.empty();
    }
    Job job = next.orElseThrow().in(Job.State.RUNNING);
    JobProgress progress = new JobProgress(limit);
    running = progress;
    keep(job);
    return Optional.of(new Running(job, progress));
  }

  private Optional<Job> next() {
    return jobs.values().stream().filter(j -> j.state() == Job.State.QUEUED).findFirst();
  }

  /** Stores a job's state, in memory alone if its file cannot be written: the queue goes on. */
  private void keep(Job job) {
    try {
      put(job);
    } catch (RuntimeException e) {
      LOG.warn("the state of question {} was not written: {}", job.id(), e.getMessage());
      jobs.put(job.id(), job);
    }
  }

  /** Answers a question; an error becomes the job's state, so that the queue goes on. */
  private Job answer(Job job, JobProgress progress) {
    try {
      answerer.answer(job, results(job.id()), progress);
      return job.in(Job.State.DONE);
    } catch (CancellationException _) {
      return job.in(Job.State.CANCELLED);
    } catch (RuntimeException | Error e) {
      if (!(e instanceof InvalidInputException)) {
        LOG.error("question {} failed", job.id(), e);
      }
      return job.failed(
          NativeErrors.isOutOfMemory(e)
              ? "there was not enough memory"
              : NativeErrors.firstLine(e));
    }
  }

  /** Stops what runs, which is taken up again when the queue is opened the next time. */
  @Override
  public void close() {
    synchronized (this) {
      closed = true;
      if (running != null) {
        running.interrupt(); // it is taken up again
      }
      notifyAll();
    }
    try {
      worker.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    lock.close();
  }
}
