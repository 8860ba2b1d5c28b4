package dev.whence.web;

import dev.whence.results.ResultsFolder.TokenInfluence;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * The text of a sequence in pieces, each with the style of its token.
 *
 * @param strongest the tokens that matter most, in words, for those who do not see shades
 */
public record ShadedText(List<Piece> pieces, String strongest) {
  private static final int NAMED = 5;

  /** What a text without tokens is cut into: special tokens, and words with the space before. */
  private static final Pattern WORD = Pattern.compile("<\\|\\w+\\|>|\\s*[^\\s<]+|\\s*<|\\s+");

  /**
   * Text of one token that looks alike throughout.
   *
   * @param looks the names of its styles: {@code r1} to {@code r9} where it raises, {@code l1} to
   *     {@code l9} where it lowers, {@code u1} to {@code u9} without a sign, {@code shared}, {@code
   *     verbatim}, {@code special}, and {@code cut} where it is outside the passage
   * @param tip its token's influence, said when pointed at; empty when it is not known
   */
  public record Piece(String text, String looks, String tip) {
    /** Whether it is outside the passage that is shown first. */
    public boolean isCut() {
      return looks.endsWith("cut");
    }
  }

  /**
   * Shades tokens by their influence, and marks what they share with a completion.
   *
   * @param unit of the values, for the tips
   */
  static ShadedText of(List<TokenInfluence> tokens, String completion, String unit) {
    return of(tokens, completion, unit, Shades.ofOwn(tokens), new Passage(0, tokens.size()));
  }

  /** As {@link #of(List, String, String)}, with only the strongest passage shown at first. */
  static ShadedText passage(
      List<TokenInfluence> tokens, String completion, String unit, Shades shades) {
    return of(tokens, completion, unit, shades, Passage.of(tokens));
  }

  private static ShadedText of(
      List<TokenInfluence> tokens, String completion, String unit, Shades shades, Passage passage) {
    StringBuilder text = new StringBuilder();
    tokens.forEach(token -> text.append(token.token()));
    Overlap overlap = Overlap.of(text.toString(), completion);
    List<Piece> pieces = new ArrayList<>();
    int at = 0;
    for (int t = 0; t < tokens.size(); t++) {
      TokenInfluence token = tokens.get(t);
      String shade = token.isSpecial() ? "special" : shades.of(token.influence());
      String tip = unit.isEmpty() ? "" : Show.influence(token.influence()) + " " + unit;
      String cut = passage.has(t) ? "" : " cut";
      int end = at + token.token().length();
      while (at < end) {
        int stop = overlap.sameUntil(at, end);
        String looks = ((shade + " " + overlap.looks(at)).strip() + cut).strip();
        pieces.add(new Piece(text.substring(at, stop), looks, tip));
        at = stop;
      }
    }
    return new ShadedText(pieces, unit.isEmpty() ? "" : strongest(tokens, unit));
  }

  /**
   * A text without influences of its tokens: its overlap with the completion is marked, and the
   * passage that has most of it is shown first.
   */
  static ShadedText plain(String text, String completion) {
    Overlap overlap = Overlap.of(text, completion);
    List<TokenInfluence> words = new ArrayList<>();
    Matcher matcher = WORD.matcher(text);
    while (matcher.find()) {
      boolean shared = !overlap.looks(matcher.end() - 1).isEmpty();
      words.add(new TokenInfluence(matcher.group(), shared ? 1 : 0));
    }
    return of(words, completion, "", new Shades(0, false), Passage.of(words));
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

  /** Whether there is more than the passage that is shown first. */
  public boolean isCut() {
    return pieces.stream().anyMatch(Piece::isCut);
  }

  /** Whether a piece is the first of the passage, with text before it. */
  public boolean begins(int piece) {
    return piece > 0 && !pieces.get(piece).isCut() && pieces.get(piece - 1).isCut();
  }

  /** Whether a piece is the last of the passage, with text behind it. */
  public boolean ends(int piece) {
    return piece < pieces.size() - 1 && !pieces.get(piece).isCut() && pieces.get(piece + 1).isCut();
  }
}
