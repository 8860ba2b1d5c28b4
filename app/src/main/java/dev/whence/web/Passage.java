package dev.whence.web;

import dev.whence.results.ResultsFolder.TokenInfluence;
import java.util.List;

/**
 * The part of a sequence that is worth reading first: the tokens around its strongest one that
 * carry most influence.
 *
 * @param from the first token
 * @param to behind the last
 */
record Passage(int from, int to) {
  /** Texts up to this length, in chars, are shown as they are. */
  private static final int WHOLE = 400;

  private static final int LONGEST = 300;

  /** How far a passage is widened to begin and end with whole words, in tokens. */
  private static final int WIDENED = 8;

  static Passage of(List<TokenInfluence> tokens) {
    int n = tokens.size();
    if (tokens.stream().mapToInt(t -> t.token().length()).sum() <= WHOLE) {
      return new Passage(0, n);
    }
    int strongest = strongest(tokens);
    int chars = 0;
    double sum = 0;
    double best = -1;
    Passage passage = new Passage(strongest, strongest + 1);
    int from = 0;
    for (int to = 0; to < n; to++) {
      chars += tokens.get(to).token().length();
      sum += Math.abs(tokens.get(to).influence());
      while (chars > LONGEST && from < to) {
        chars -= tokens.get(from).token().length();
        sum -= Math.abs(tokens.get(from).influence());
        from++;
      }
      // Among equals the later: what comes before a token is what it is read with.
      if (from <= strongest && strongest <= to && sum >= best) {
        best = sum;
        passage = new Passage(from, to + 1);
      }
    }
    return passage.widened(tokens);
  }

  private static int strongest(List<TokenInfluence> tokens) {
    int strongest = 0;
    for (int t = 1; t < tokens.size(); t++) {
      if (Math.abs(tokens.get(t).influence()) > Math.abs(tokens.get(strongest).influence())) {
        strongest = t;
      }
    }
    return strongest;
  }

  private Passage widened(List<TokenInfluence> tokens) {
    int first = from;
    while (first > 0 && from - first < WIDENED && !beginsWord(tokens.get(first))) {
      first--;
    }
    int end = to;
    while (end < tokens.size() && end - to < WIDENED && !beginsWord(tokens.get(end))) {
      end++;
    }
    return new Passage(first, end);
  }

  private static boolean beginsWord(TokenInfluence token) {
    return !token.token().isEmpty() && Character.isWhitespace(token.token().charAt(0));
  }

  boolean has(int token) {
    return from <= token && token < to;
  }
}
