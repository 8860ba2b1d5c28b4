package dev.whence.web;

import dev.whence.ask.Estimates;
import dev.whence.ask.JobQueue.Status;
import java.util.Optional;

/**
 * A question that waits, runs or has ended.
 *
 * @param estimates by an influence index, as soon as they are there
 */
public record JobPage(Status status, Optional<Estimates> estimates, String form) {
  static Address address(String id) {
    return Address.of("/job").with("id", id);
  }

  /** The address that the page's script polls. */
  public Address progress() {
    return Address.of("/job/progress").with("id", status.job().id());
  }

  /** The state in words. */
  public String state() {
    return switch (status.job().state()) {
      case QUEUED ->
          switch (status.ahead()) {
            case 0 -> "about to begin";
            case 1 -> "waiting behind another";
            default -> "waiting behind " + status.ahead() + " others";
          };
      case RUNNING -> status.what();
      case DONE -> "answered";
      case FAILED -> "failed: " + status.job().error().orElse("for a reason that is not known");
      case CANCELLED -> "cancelled";
    };
  }
}
