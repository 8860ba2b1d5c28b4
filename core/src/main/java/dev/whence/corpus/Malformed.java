package dev.whence.corpus;

import dev.whence.InvalidInputException;
import java.util.ArrayList;
import java.util.List;

/** The count of malformed documents and the first few of them, for the one message at the end. */
final class Malformed {
  private static final int NAMED = 5;
  private static final int REASON_LENGTH = 200;

  private final List<String> places = new ArrayList<>();
  private long count;

  void add(Origin origin, String reason) {
    count++;
    if (places.size() < NAMED) {
      places.add(origin + ": " + printable(reason));
    }
  }

  long count() {
    return count;
  }

  /**
   * Refuses the corpus if anything was malformed.
   *
   * @throws InvalidInputException with the count, the first places and the remedy
   */
  void refuse() {
    if (count > 0) {
      String more = count > places.size() ? "\n  and " + (count - places.size()) + " more" : "";
      throw new InvalidInputException(
          "The corpus has %d malformed %s; fix them or pass --skip-malformed:\n  %s%s"
              .formatted(count, count == 1 ? "line" : "lines", String.join("\n  ", places), more));
    }
  }

  /** The reason can quote the corpus, whose control characters must not reach a terminal. */
  private static String printable(String reason) {
    String shown =
        reason.length() > REASON_LENGTH ? reason.substring(0, REASON_LENGTH) + "..." : reason;
    return shown.replaceAll("\\p{Cntrl}", "?");
  }
}
