package dev.whence.web;

import dev.whence.results.ResultsFolder.TokenInfluence;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Collectors;

/**
 * The text of a sequence in pieces, each with the style of its token.
 *
 * @param strongest the tokens that matter most, in words, for those who do not see shades
 */
public record ShadedText(List<Piece> pieces, String strongest) {
  /** Shades of each sign. */
  static final int LEVELS = 9;

  private static final int NAMED = 5;

  /**
   * Text of one token that looks alike throughout.
   *
   * @param looks the names of its styles: {@code r1} to {@code r9} where it raises, {@code l1} to
   *     {@code l9} where it lowers, {@code u1} to {@code u9} without a sign, {@code shared}, {@code
   *     verbatim}
   * @param tip its token's influence, said when pointed at; empty when it is not known
   */
  public record Piece(String text, String looks, String tip) {}

  /**
   * Shades tokens by their influence, and marks what they share with a completion.
   *
   * @param unit of the values, for the tips
   */
  static ShadedText of(List<TokenInfluence> tokens, String completion, String unit) {
    StringBuilder text = new StringBuilder();
    tokens.forEach(token -> text.append(token.token()));
    Overlap overlap = Overlap.of(text.toString(), completion);
    double largest = tokens.stream().mapToDouble(t -> Math.abs(t.influence())).max().orElse(0);
    List<Piece> pieces = new ArrayList<>();
    int at = 0;
    for (TokenInfluence token : tokens) {
      String shade = shade(token.influence(), largest);
      String tip = Show.influence(token.influence()) + " " + unit;
      int end = at + token.token().length();
      while (at < end) {
        int stop = overlap.sameUntil(at, end);
        pieces.add(
            new Piece(text.substring(at, stop), (shade + " " + overlap.looks(at)).strip(), tip));
        at = stop;
      }
    }
    return new ShadedText(pieces, strongest(tokens, unit));
  }

  /** A text without influences of its tokens: only its overlap with the completion is marked. */
  static ShadedText plain(String text, String completion) {
    ShadedText shaded = of(List.of(new TokenInfluence(text, 0)), completion, "");
    return new ShadedText(
        shaded.pieces.stream().map(p -> new Piece(p.text, p.looks, "")).toList(), "");
  }

  private static String strongest(List<TokenInfluence> tokens, String unit) {
    return tokens.stream()
        .filter(t -> t.influence() != 0)
        .sorted(Comparator.comparingDouble(t -> -Math.abs(t.influence())))
        .limit(NAMED)
        .map(t -> t.token().strip() + " " + Show.influence(t.influence()) + " " + unit)
        .collect(Collectors.joining(", "));
  }

  /** This text in a colour that stands for neither sign, for values that are magnitudes. */
  ShadedText unsigned() {
    return new ShadedText(
        pieces.stream()
            .map(p -> new Piece(p.text, p.looks.replaceFirst("^r(?=\\d)", "u"), p.tip))
            .toList(),
        strongest);
  }

  static String shade(double value, double largest) {
    long level = largest > 0 ? Math.round(LEVELS * Math.abs(value) / largest) : 0;
    return level == 0 ? "" : (value > 0 ? "r" : "l") + level;
  }
}
