package dev.whence.cli;

import dev.whence.results.ResultsFolder.TokenInfluence;
import java.util.List;
import java.util.Map;

/** Shows a sequence with every token shaded by its influence: red raises, teal lowers. */
sealed interface Shading {
  /** Writes the tokens with their shades. */
  String show(List<TokenInfluence> tokens);

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
    return tokens.stream().filter(t -> !t.token().matches("<\\|\\w+\\|>|</?s>")).toList();
  }

  private static double largest(List<TokenInfluence> tokens) {
    return tokens.stream().mapToDouble(t -> Math.abs(t.influence())).max().orElse(0);
  }

  /** Backgrounds in 24-bit colour, stronger for more influence. */
  record Colours() implements Shading {
    @Override
    public String show(List<TokenInfluence> tokens) {
      double largest = largest(tokens);
      StringBuilder line = new StringBuilder();
      for (TokenInfluence token : visible(tokens)) {
        double share = largest > 0 ? token.influence() / largest : 0;
        String text = printable(token.token());
        if (Math.abs(share) < 0.05) {
          line.append(text);
        } else {
          line.append(background(share)).append(text).append("\u001b[0m");
        }
      }
      return line.toString();
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
    public String show(List<TokenInfluence> tokens) {
      double largest = largest(tokens);
      StringBuilder line = new StringBuilder();
      for (TokenInfluence token : visible(tokens)) {
        double share = largest > 0 ? token.influence() / largest : 0;
        String text = printable(token.token());
        if (Math.abs(share) < 0.25) {
          line.append(text);
        } else {
          String mark = share > 0 ? "+" : "-";
          line.append('[').append(mark).append(text).append(mark).append(']');
        }
      }
      return line.toString();
    }
  }
}
