package dev.whence.web;

import dev.whence.web.Chart.Box;
import dev.whence.web.Chart.Label;
import dev.whence.web.Chart.Mark;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Influence by layer and token, as in the paper's Figure 4, set like music: the text runs above the
 * cells, each column as wide as its token, and goes on in the next system where the line is full.
 * Tokens of little influence are left out at the beginning and at the end.
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

  /** A column with less than this share of the strongest cell is not active. */
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
    int[] active = IntStream.range(0, tokens.size()).filter(this::isActive).toArray();
    boolean any = active.length > 0;
    int first = any ? Math.max(0, active[0] - AROUND) : 0;
    int end = any ? Math.min(tokens.size(), active[active.length - 1] + AROUND + 1) : tokens.size();
    int most = Math.max(1, MOST_CELLS / layers.size());
    boolean cut = end - first > most;
    if (cut) { // to what is around the strongest
      first = Math.clamp(strongestToken() - most / 2L, first, end - most);
      end = first + most;
    }
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
        "A row for each of %d layers, a column for each of tokens %d to %d of %d%s; red raises, teal lowers."
            .formatted(
                layers.size(),
                first + 1,
                end,
                tokens.size(),
                cut || !any ? "" : ", outside which none has a twentieth of the strongest"),
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
          Label.at(
              LEFT - 6, top + TOP + l * (double) row + 10, Show.layer(layers.get(l)), "end small"));
    }
    int x = LEFT;
    for (int t = from; t < to; t++) {
      marks.add(Label.at(x + 1, top + 11, text(t), "start small"));
      for (int l = 0; l < layers.size(); l++) {
        double value = influence[l][t];
        marks.add(
            Box.at(
                x,
                top + TOP + l * (double) row,
                width(t),
                row,
                ("cell " + shades.of(value)).strip(),
                "%s, token %d '%s': %s nats"
                    .formatted(layers.get(l), t, tokens.get(t), Show.influence(value))));
      }
      x += width(t);
    }
  }

  private String text(int token) {
    return Show.shortened(Show.token(tokens.get(token)), LONGEST);
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

  private boolean isActive(int token) {
    return largest > 0
        && Arrays.stream(influence)
            .anyMatch(ofLayer -> Math.abs(ofLayer[token]) >= ACTIVE * largest);
  }

  private String title() {
    if (!(largest > 0)) {
      return "No token has influence";
    }
    int token = strongestToken();
    int layer = 0;
    while (Math.abs(influence[layer][token]) < largest) {
      layer++;
    }
    return "Strongest at '%s', through %s".formatted(text(token), Show.layer(layers.get(layer)));
  }

  /** The token of the strongest cell; the first one where there is no influence. */
  private int strongestToken() {
    return IntStream.range(0, tokens.size())
        .filter(t -> Arrays.stream(influence).anyMatch(layer -> Math.abs(layer[t]) == largest))
        .findFirst()
        .orElse(0);
  }
}
