package dev.whence.web;

import java.util.List;

/**
 * A drawing, in units of its own that the page scales. What is drawn says by its style what it
 * means, so that a page's colours, light or dark, are the chart's.
 *
 * @param title what it shows
 * @param summary what it says, for those who do not see it
 * @param xLabel under the horizontal axis
 * @param yLabel beside the vertical axis
 */
public record Chart(
    String id,
    int width,
    int height,
    String title,
    String summary,
    String xLabel,
    String yLabel,
    List<Mark> marks) {

  /** Whether something in it leads somewhere. */
  public boolean isLinked() {
    return marks.stream().anyMatch(mark -> mark instanceof Dot dot && !dot.href.isEmpty());
  }

  /** One thing that is drawn. */
  public sealed interface Mark {}

  /**
   * A rectangle.
   *
   * @param tip what it says when pointed at; may be empty
   */
  public record Box(String x, String y, String width, String height, String looks, String tip)
      implements Mark {}

  /** A line through points, as SVG has them: {@code 0,0 10,5}. */
  public record Line(String points, String looks) implements Mark {}

  /** A dot, which may lead somewhere; {@code href} may be empty. */
  public record Dot(String x, String y, String radius, String looks, String tip, String href)
      implements Mark {}

  /** A text whose {@code looks} say at which end it is held. */
  public record Label(String x, String y, String text, String looks) implements Mark {}
}
