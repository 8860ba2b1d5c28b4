package dev.whence.web;

import dev.whence.folder.AtomicFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** Writes a chart as a file. */
public final class Plot {
  private Plot() {}

  /**
   * A method, what it costs and how good it is.
   *
   * @param cost above 0
   * @param quality at most 1
   * @param low the lower end of the quality's interval
   * @param high the upper end
   */
  public record Point(String name, double cost, double quality, double low, double high) {
    /** One without an interval. */
    public static Point of(String name, double cost, double quality) {
      return new Point(name, cost, quality, quality, quality);
    }
  }

  /**
   * What a plot says in words.
   *
   * @param summary for readers who do not see it
   * @param cost what the horizontal axis shows, with its unit
   * @param quality what the vertical axis shows
   */
  public record Words(String title, String summary, String cost, String quality) {}

  /** Draws quality against cost on a log axis, as an SVG file. */
  public static void write(Path file, Words words, List<Point> points) {
    try {
      AtomicFile.write(file, new Pages().plot(Charts.againstCost(words, points)));
    } catch (IOException e) {
      throw AtomicFile.failed("write", file, e);
    }
  }
}
