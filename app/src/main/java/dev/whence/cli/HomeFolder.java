package dev.whence.cli;

import dev.whence.InvalidInputException;
import java.nio.file.Path;
import java.util.Optional;

/** Where Whence is installed: what it brings along is there. */
final class HomeFolder {
  private HomeFolder() {}

  /**
   * The folder of the dictionary's model.
   *
   * @throws InvalidInputException when the program was not started by its launcher
   */
  static Path dictionaryModel() {
    return Path.of(
            Optional.ofNullable(System.getProperty("whence.home"))
                .orElseThrow(() ->
                    new InvalidInputException(
                        "this needs a model that comes with Whence: start it with ./whence or bin/whence")))
        .resolve("models")
        .resolve("dictionary");
  }
}
