package dev.whence;

/**
 * The user's input is at fault, not the program: the message is one sentence that names the file or
 * option and the remedy. The command line prints it alone and exits with 2; any other exception is
 * a failure or a bug.
 */
public final class InvalidInputException extends IllegalArgumentException {
  private static final long serialVersionUID = 1L;

  public InvalidInputException(String message) {
    super(message);
  }

  public InvalidInputException(String message, Throwable cause) {
    super(message, cause);
  }
}
