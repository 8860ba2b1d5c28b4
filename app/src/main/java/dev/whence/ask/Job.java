package dev.whence.ask;

import java.util.Optional;

/**
 * A question and the state of its answer, stored as {@code job.json} in the job's folder.
 *
 * @param id a number, the name of its folder
 * @param error why it failed, in words
 */
public record Job(
    String id, Question question, State state, String created, Optional<String> error) {
  /** The states of a job. */
  public enum State {
    QUEUED,
    RUNNING,
    DONE,
    FAILED,
    CANCELLED;

    public boolean isOver() {
      return this == DONE || this == FAILED || this == CANCELLED;
    }
  }

  Job in(State next) {
    return new Job(id, question, next, created, error);
  }

  Job failed(String reason) {
    return new Job(id, question, State.FAILED, created, Optional.of(reason));
  }
}
