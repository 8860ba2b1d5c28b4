package dev.whence.cli;

import dev.whence.InvalidInputException;
import java.nio.file.Path;
import java.util.Optional;

/** Where Whence is installed: what it brings along is there. */
public final class HomeFolder {
  private HomeFolder() {}

  /**
   * The folder of the dictionary's model.
   *
   * @throws InvalidInputException when the program was not started by its launcher
   */
  public static Path dictionaryModel() {
    return Path.of(
            Optional.ofNullable(System.getProperty("whence.home"))
                .orElseThrow(() ->
                    new InvalidInputException(
                        "this needs a model that comes with Whence: start it with ./whence or bin/whence")))
        .resolve("models")
        .resolve("dictionary");
  }
}
