package dev.whence.web;

import dev.whence.folder.AtomicFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** Writes a chart as a file. */
public final class Plot {
  private Plot() {}

  /**
   * A method, the time it took and the correlation it reached.
   *
   * @param seconds fitting included, above 0
   * @param low the lower end of the correlation's interval
   * @param high the upper end
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
