package dev.whence.web;

import dev.whence.web.Chart.Box;
import dev.whence.web.Chart.Label;
import dev.whence.web.Chart.Mark;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Influence by layer and token, as in the paper's Figure 4, set like music: the text runs above the
 * cells, each column as wide as its token, and goes on in the next system where the line is full.
 * Where nothing has influence, at the beginning and the end, tokens are left out.
 */
final class HeatMap {
  private static final int WIDTH = 760;
  private static final int LEFT = 110;
  private static final int TOP = 16; // of a system, for its text
  private static final int APART = 14; // between systems
  private static final int LETTER = 7; // the width of most
  private static final int WIDE_LETTER = 11;
  private static final int NARROW_LETTER = 4;
  private static final int NARROWEST = 10;
  private static final int LONGEST = 16; // letters of a token that are shown
  private static final int LABEL = 13; // a row of this height has its layer's name
  private static final int MOST_CELLS = 30_000;

  /** A column with less than this share of the largest influence is not active. */
  private static final double ACTIVE = 0.05;

  /** Tokens that are shown around the active ones. */
  private static final int AROUND = 2;

  private final List<String> layers;
  private final List<String> tokens;
  private final double[][] influence; // [layers][tokens]
  private final double largest;
  private final int row;
  private final List<Mark> marks = new ArrayList<>();

  private HeatMap(List<String> layers, List<String> tokens, double[][] influence) {
    this.layers = layers;
    this.tokens = tokens;
    this.influence = influence;
    this.largest =
        Arrays.stream(influence).flatMapToDouble(Arrays::stream).map(Math::abs).max().orElse(0);
    this.row = layers.size() > 24 ? 5 : LABEL;
  }

  /**
   * Draws it.
   *
   * @param influence [layers][tokens]
   */
  static Chart of(String id, List<String> layers, List<String> tokens, double[][] influence) {
    return new HeatMap(layers, tokens, influence).chart(id);
  }

  private Chart chart(String id) {
    int first = Math.max(0, firstActive() - AROUND);
    int end = Math.min(tokens.size(), lastActive() + AROUND + 1);
    end = Math.min(end, first + Math.max(1, MOST_CELLS / layers.size()));
    Shades shades = new Shades(largest, false);
    double top = 0;
    for (int from = first; from < end; ) {
      int to = system(from, end);
      draw(from, to, top, shades);
      top += TOP + (double) layers.size() * row + APART;
      from = to;
    }
    return new Chart(
        id,
        LEFT + WIDTH + NARROWEST,
        (int) top,
        title(),
        "A row for each of %d layers, a column for each of tokens %d to %d of %d, outside which nothing has influence; red raises, teal lowers."
            .formatted(layers.size(), first + 1, end, tokens.size()),
        "",
        "",
        marks);
  }

  /** Where the system that begins at a token ends. */
  private int system(int from, int end) {
    int width = width(from);
    int to = from + 1;
    while (to < end && width + width(to) <= WIDTH) {
      width += width(to++);
    }
    return to;
  }

  private void draw(int from, int to, double top, Shades shades) {
    int every = Math.ceilDiv(LABEL, row);
    for (int l = 0; l < layers.size(); l += every) {
      marks.add(
          label(
              LEFT - 6, top + TOP + l * (double) row + 10, Show.layer(layers.get(l)), "end small"));
    }
    int x = LEFT;
    for (int t = from; t < to; t++) {
      marks.add(label(x + 1, top + 11, text(t), "start small"));
      for (int l = 0; l < layers.size(); l++) {
        double value = influence[l][t];
        marks.add(
            new Box(
                Show.decimal(x),
                Show.decimal(top + TOP + l * (double) row),
                Show.decimal(width(t)),
                Show.decimal(row),
                ("cell " + shades.of(value)).strip(),
                "%s, token %d '%s': %s nats"
                    .formatted(layers.get(l), t, tokens.get(t), Show.influence(value))));
      }
      x += width(t);
    }
  }

  private String text(int token) {
    return Show.shortened(tokens.get(token).strip(), LONGEST);
  }

  private int width(int token) {
    String text = text(token);
    return Math.max(NARROWEST, text.codePoints().map(HeatMap::letter).sum() + 4);
  }

  /** The width of a letter in most fonts without serifs; what is not Latin is taken to be wide. */
  private static int letter(int codePoint) {
    if (codePoint > 0x24f || "mwMW@%".indexOf(codePoint) >= 0) {
      return WIDE_LETTER;
    }
    return "ijlft.,;:'|!()".indexOf(codePoint) >= 0 ? NARROW_LETTER : LETTER;
  }

  private int firstActive() {
    int t = 0;
    while (t < tokens.size() - 1 && !isActive(t)) {
      t++;
    }
    return t;
  }

  private int lastActive() {
    int t = tokens.size() - 1;
    while (t > 0 && !isActive(t)) {
      t--;
    }
    return t;
  }

  private boolean isActive(int token) {
    return largest > 0
        && Arrays.stream(influence)
            .anyMatch(ofLayer -> Math.abs(ofLayer[token]) >= ACTIVE * largest);
  }

  private String title() {
    for (int l = 0; l < layers.size() && largest > 0; l++) {
      for (int t = 0; t < tokens.size(); t++) {
        if (Math.abs(influence[l][t]) == largest) {
          return "Strongest at '%s', through %s".formatted(text(t), Show.layer(layers.get(l)));
        }
      }
    }
    return "No token has influence";
  }

  private static Label label(double x, double y, String text, String looks) {
    return new Label(Show.decimal(x), Show.decimal(y), text, looks);
  }
}
