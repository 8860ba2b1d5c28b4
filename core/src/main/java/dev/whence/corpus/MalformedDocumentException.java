package dev.whence.corpus;

/** One line or row is not a document; the reason does not name the place. */
final class MalformedDocumentException extends Exception {
  private static final long serialVersionUID = 1L;

  private final String reason;

  MalformedDocumentException(String reason) {
    // Thrown once a bad line, perhaps millions of times: a stack trace would say nothing and cost
    // most.
    super(reason, null, false, false);
    this.reason = reason;
  }

  String reason() {
    return reason;
  }
}
