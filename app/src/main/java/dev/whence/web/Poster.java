package dev.whence.web;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * An answer and what raises it as one picture that fits a slide, without names of files, documents
 * or people's folders. It is set in a typewriter's letters, whose widths are known without a font.
 */
public record Poster(int width, int height, List<Rectangle> rectangles, List<Text> texts) {
  private static final int WIDTH = 1280;
  private static final int HEIGHT = 720;
  private static final int MARGIN = 56;
  private static final int CARDS = 5;
  private static final int ANSWER_LINES = 3;
  private static final int CARD_LINES = 2;
  private static final int SEQUENCE_LINES = 12;
  private static final int LONGEST_WORD = 20;

  /** Of a longer prompt only the end is shown, so that there is room for the answer. */
  private static final int LONGEST_PROMPT = 90;

  /** A letter's width as a part of its size. */
  private static final double LETTER = 0.6;

  private static final double LEADING = 1.45;
  private static final double BAR = 130;
  private static final String INK = "#1b1b1f";
  private static final String FAINT = "#5f6068";
  private static final String RAISE = "#d3202f";
  private static final String LOWER = "#0b7f86";
  private static final String MARK = "#8a6d00";

  /** A rectangle, with its opacity. */
  public record Rectangle(
      String x, String y, String width, String height, String fill, String opacity) {}

  /** A text that takes exactly so much room. */
  public record Text(String x, String y, String size, String length, String fill, String text) {}

  /** A piece of text and its shade, as {@link Shades} names it. */
  private record Run(String text, String shade) {}

  /**
   * Draws a page.
   *
   * @param method by which the influences were computed
   * @param rank of the only sequence that is shown, if not the strongest few are
   * @return empty when there is no such sequence on the page
   */
  static Optional<Poster> of(QueryPage page, String method, Optional<Integer> rank) {
    List<Card> all = new ArrayList<>(page.raising().cards());
    all.addAll(page.lowering().cards());
    List<Card> cards =
        rank.isEmpty()
            ? page.raising().cards().stream().limit(CARDS).toList()
            : all.stream().filter(card -> card.rank().equals("" + rank.get())).toList();
    if (rank.isPresent() && cards.isEmpty()) {
      return Optional.empty();
    }
    Poster poster = new Poster(WIDTH, HEIGHT, new ArrayList<>(), new ArrayList<>());
    double y = poster.answer(page.answer(), MARGIN + 20);
    y = poster.lines(List.of(new Run(page.unit(), "faint")), MARGIN, y + 14, 17, 1);
    for (Card card : cards) {
      y = poster.card(card, y + 10, rank.isEmpty() ? CARD_LINES : SEQUENCE_LINES);
    }
    poster.lines(
        List.of(
            new Run("Whence", ""),
            new Run(
                " · influence of training sequences by %s · red raises, teal lowers what comes after the token"
                    .formatted(method.replace("ekfac", "EK-FAC").replace("kfac", "K-FAC")),
                "faint")),
        MARGIN,
        HEIGHT - 30,
        15,
        1);
    return Optional.of(poster);
  }

  private double answer(Answer answer, double y) {
    List<Run> runs = new ArrayList<>();
    String prompt = answer.prompt();
    int letters = prompt.codePointCount(0, prompt.length());
    runs.add(
        new Run(
            letters <= LONGEST_PROMPT
                ? prompt
                : "…" + prompt.substring(prompt.offsetByCodePoints(0, letters - LONGEST_PROMPT)),
            "faint"));
    if (answer.words().isEmpty()) {
      runs.add(new Run(answer.completion(), ""));
    }
    answer.words().forEach(word -> runs.add(new Run(word.text(), word.shade())));
    return lines(runs, MARGIN, y, 34, ANSWER_LINES);
  }

  private double card(Card card, double y, int most) {
    double length = BAR * Double.parseDouble(card.strength().bar()) / 100;
    String colour = card.strength().raises() ? RAISE : LOWER;
    rectangle(MARGIN, y - 2, BAR, 12, "#000", 0.06);
    rectangle(MARGIN, y - 2, length, 12, colour, 1);
    text(MARGIN, y + 32, 18, card.strength().shown(), colour);
    List<Run> runs = new ArrayList<>();
    for (ShadedText.Piece piece : card.text().pieces()) {
      if (!piece.isCut() && !piece.looks().contains("special")) {
        runs.add(new Run(piece.text(), piece.looks().split(" ")[0]));
      }
    }
    return Math.max(y + 50, lines(runs, MARGIN + BAR + 40, y + 10, 20, most));
  }

  /** Sets runs in lines, and returns where the next thing may begin. */
  private double lines(List<Run> runs, double left, double y, double size, int most) {
    double letter = size * LETTER;
    int columns = (int) ((WIDTH - MARGIN - left) / letter);
    double baseline = y;
    int line = 1;
    int column = 0;
    for (List<Run> word : words(runs)) {
      int length = word.stream().mapToInt(part -> columns(part.text)).sum();
      boolean breaks = column > 0 && column + length > columns;
      if (breaks && line == most) {
        text(left + column * letter, baseline, size, "…", FAINT);
        return baseline + size * LEADING;
      }
      if (breaks) {
        line++;
        column = 0;
        baseline += size * LEADING;
      }
      for (Run part : word) {
        String shown = column == 0 ? part.text.stripLeading() : part.text;
        double room = columns(shown) * letter;
        double x = left + column * letter;
        shade(x, baseline, size, room, part.shade);
        text(x, baseline, size, shown, part.shade.equals("faint") ? FAINT : INK);
        column += columns(shown);
      }
    }
    return baseline + size * LEADING;
  }

  /** Words with the space before each, of which each may be of several runs. */
  private static List<List<Run>> words(List<Run> runs) {
    List<List<Run>> words = new ArrayList<>();
    for (Run run : runs) {
      String plain = Neutral.text(run.text.replaceAll("\\s", " "));
      for (String part : plain.split("(?<=\\S)(?=\\s)")) {
        // What has no spaces is broken anywhere.
        for (int at = 0; at < part.length(); ) {
          int left = part.codePointCount(at, part.length());
          int end = left > LONGEST_WORD ? part.offsetByCodePoints(at, LONGEST_WORD) : part.length();
          if (words.isEmpty() || at > 0 || part.startsWith(" ")) {
            words.add(new ArrayList<>());
          }
          words.getLast().add(new Run(part.substring(at, end), run.shade));
          at = end;
        }
      }
    }
    return words;
  }

  /** How many letters wide a text is: East Asian letters and pictures take two. */
  private static int columns(String text) {
    return text.codePoints().map(c -> isWide(c) ? 2 : 1).sum();
  }

  private static boolean isWide(int c) {
    return (c >= 0x1100 && c <= 0x115F)
        || (c >= 0x2E80 && c <= 0xA4CF && c != 0x303F)
        || (c >= 0xAC00 && c <= 0xD7A3)
        || (c >= 0xF900 && c <= 0xFAFF)
        || (c >= 0xFE30 && c <= 0xFE6F)
        || (c >= 0xFF00 && c <= 0xFF60)
        || (c >= 0xFFE0 && c <= 0xFFE6)
        || (c >= 0x1F300 && c <= 0x1FAFF)
        || (c >= 0x20000 && c <= 0x3FFFD);
  }

  private void shade(double x, double baseline, double size, double width, String shade) {
    if (shade.matches("[rlu]\\d")) {
      String fill =
          switch (shade.charAt(0)) {
            case 'r' -> RAISE;
            case 'l' -> LOWER;
            default -> MARK;
          };
      rectangle(
          x, baseline - size * 0.95, width, size * 1.3, fill, 0.075 * (shade.charAt(1) - '0'));
    }
  }

  private void rectangle(
      double x, double y, double width, double height, String fill, double opacity) {
    rectangles.add(
        new Rectangle(
            Show.decimal(x),
            Show.decimal(y),
            Show.decimal(width),
            Show.decimal(height),
            fill,
            Show.decimal(opacity)));
  }

  private void text(double x, double y, double size, String text, String fill) {
    if (!text.isEmpty()) {
      texts.add(
          new Text(
              Show.decimal(x),
              Show.decimal(y),
              Show.decimal(size),
              Show.decimal(columns(text) * size * LETTER),
              fill,
              text));
    }
  }
}
