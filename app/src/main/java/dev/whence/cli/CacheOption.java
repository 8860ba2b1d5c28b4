package dev.whence.cli;

import java.nio.file.Path;
import java.util.Map;
import picocli.CommandLine.Option;

/** Where tokenised corpora and their indexes are kept. */
public final class CacheOption {
  @Option(
      names = "--cache",
      paramLabel = "FOLDER",
      description =
          "Where tokenised corpora and their indexes are kept (default: $WHENCE_CACHE or"
              + " ~/.cache/whence).")
  private Path folder = defaultFolder(System.getenv());

  static Path defaultFolder(Map<String, String> environment) {
    String chosen = environment.get("WHENCE_CACHE");
    return chosen != null && !chosen.isBlank()
        ? Path.of(chosen)
        : Path.of(System.getProperty("user.home"), ".cache", "whence");
  }

  public Path folder() {
    return folder;
  }
}
