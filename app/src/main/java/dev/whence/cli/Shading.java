package dev.whence.cli;

import dev.whence.results.ResultsFolder.TokenInfluence;
import java.util.List;
import java.util.Map;

/** Shows a sequence with every token shaded by its influence: red raises, teal lowers. */
public sealed interface Shading {
  /**
   * Writes one token.
   *
   * @param share of the strongest token's influence, in [-1, 1]
   */
  String shade(String text, double share);

  /** Writes the tokens with their shades. */
  default String show(List<TokenInfluence> tokens) {
    double largest = tokens.stream().mapToDouble(t -> Math.abs(t.influence())).max().orElse(0);
    StringBuilder line = new StringBuilder();
    for (TokenInfluence token : visible(tokens)) {
      double share = largest > 0 ? token.influence() / largest : 0;
      line.append(shade(printable(token.token()), share));
    }
    return line.toString();
  }

  /**
   * Colours on a terminal, marks elsewhere; {@code NO_COLOR} asks for marks, {@code CLICOLOR_FORCE}
   * for colours.
   */
  static Shading forTerminal(boolean terminal, Map<String, String> environment) {
    boolean forced = !environment.getOrDefault("CLICOLOR_FORCE", "0").equals("0");
    boolean refused = !environment.getOrDefault("NO_COLOR", "").isEmpty();
    return forced || (terminal && !refused) ? new Colours() : new Marks();
  }

  /** Text that cannot move the cursor or start a new line: corpora are not to be trusted. */
  static String printable(String text) {
    StringBuilder safe = new StringBuilder();
    text.codePoints()
        .forEach(c -> {
          if (c == '\n') {
            safe.append('⏎');
          } else if (Character.isISOControl(c) || Character.getType(c) == Character.FORMAT) {
            safe.append(' ');
          } else {
            safe.appendCodePoint(c);
          }
        });
    return safe.toString();
  }

  /** Tokens that mark a document's ends say nothing to a reader. */
  private static List<TokenInfluence> visible(List<TokenInfluence> tokens) {
    return tokens.stream().filter(t -> !t.isSpecial()).toList();
  }

  /** Backgrounds in 24-bit colour, stronger for more influence. */
  record Colours() implements Shading {
    @Override
    public String shade(String text, double share) {
      return Math.abs(share) < 0.05 ? text : background(share) + text + "\u001b[0m";
    }

    private static String background(double share) {
      // Dark enough for white text at full strength, nearly black at none.
      int strength = (int) Math.round(40 + 160 * Math.min(1, Math.abs(share)));
      return share > 0
          ? "\u001b[38;2;255;255;255;48;2;" + strength + ";30;40m"
          : "\u001b[38;2;255;255;255;48;2;10;" + strength * 3 / 4 + ";" + strength * 3 / 4 + "m";
    }
  }

  /** {@code [+raises+]} and {@code [-lowers-]} around the tokens that matter most. */
  record Marks() implements Shading {
    @Override
    public String shade(String text, double share) {
      String mark = share > 0 ? "+" : "-";
      return Math.abs(share) < 0.25 ? text : "[" + mark + text + mark + "]";
    }
  }
}
