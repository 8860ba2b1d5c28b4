package dev.whence.web;

import java.util.List;

/**
 * A chart as marks of an SVG drawing, in user units that the page scales. Marks name styles instead
 * of colours, so that the page's light or dark theme applies to them.
 *
 * @param title what it shows
 * @param summary the text alternative, for readers who do not see the chart
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

  /** Whether any dot links to a page. */
  public boolean isLinked() {
    return marks.stream().anyMatch(mark -> mark instanceof Dot dot && !dot.href.isEmpty());
  }

  /** A shape or a text of the chart. */
  public sealed interface Mark {}

  /**
   * A rectangle.
   *
   * @param tip the tooltip; may be empty
   */
  public record Box(String x, String y, String width, String height, String looks, String tip)
      implements Mark {
    static Box at(double x, double y, double width, double height, String looks, String tip) {
      return new Box(
          Show.decimal(x), Show.decimal(y), Show.decimal(width), Show.decimal(height), looks, tip);
    }
  }

  /** A line through points, as SVG has them: {@code 0,0 10,5}. */
  public record Line(String points, String looks) implements Mark {}

  /** A dot; {@code href} is the page that it links to, or empty. */
  public record Dot(String x, String y, String radius, String looks, String tip, String href)
      implements Mark {}

  /** A text; its {@code looks} include its anchor, such as {@code end}. */
  public record Label(String x, String y, String text, String looks) implements Mark {
    static Label at(double x, double y, String text, String looks) {
      return new Label(Show.decimal(x), Show.decimal(y), text, looks);
    }
  }
}
