package dev.whence.web;

import dev.whence.folder.AtomicFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** A chart as a file of its own. */
public final class Plot {
  private Plot() {}

  /**
   * A method and what it achieved.
   *
   * @param seconds that it took, above 0
   * @param low of the correlation's interval
   * @param high of it
   */
  public record Point(String name, double seconds, double correlation, double low, double high) {}

  /** Draws correlations with the truth against time on a log axis, as an SVG file. */
  public static void write(Path file, String title, List<Point> points) {
    try {
      AtomicFile.write(file, new Pages().plot(Charts.againstTime(title, points)));
    } catch (IOException e) {
      throw AtomicFile.failed("write", file, e);
    }
  }
}
