package dev.whence.corpus;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;

/**
 * Splits a decoded text among its tokens. Decoding tokens one by one would lose characters that
 * several tokens spell and spaces that depend on the neighbour, so each step decodes a short window
 * and accepts what is new in it only if the whole text has it at that very place.
 */
final class Pieces {
  private static final char REPLACEMENT = '\uFFFD';

  /** A character has at most 4 bytes, so a window that holds this many without agreeing is lost. */
  private static final int LOST = 8;

  private final int[] tokens;
  private final Function<int[], String> decode;
  private final String whole;
  private final List<String> pieces = new ArrayList<>();
  private int windowStart;
  private int settled; // tokens before this one have their text
  private String windowText = "";
  private int cut; // chars of the whole that are given out

  Pieces(int[] tokens, Function<int[], String> decode) {
    this.tokens = tokens;
    this.decode = decode;
    this.whole = tokens.length == 0 ? "" : decode.apply(tokens);
  }

  List<String> list() {
    for (int i = 0; i < tokens.length; i++) {
      int before = cut;
      if (i == tokens.length - 1) {
        cut = whole.length();
      } else if (!advance(i + 1) && i + 1 - settled >= LOST) {
        resynchronise(i + 1);
      }
      pieces.add(whole.substring(before, cut));
    }
    return pieces;
  }

  private boolean advance(int end) {
    String text = decode.apply(Arrays.copyOfRange(tokens, windowStart, end));
    if (endsInsideCharacter(text) || !text.startsWith(windowText)) {
      return false;
    }
    String added = text.substring(windowText.length());
    if (!whole.startsWith(added, cut)) {
      return false;
    }
    cut += added.length();
    settle(end);
    return true;
  }

  /** The slow way, for tokens that spell no text: what decoding from the start agrees on. */
  private void resynchronise(int end) {
    String text = decode.apply(Arrays.copyOf(tokens, end));
    int mismatch = Arrays.mismatch(text.toCharArray(), whole.toCharArray());
    int common = mismatch < 0 ? whole.length() : mismatch;
    if (common > 0 && Character.isHighSurrogate(whole.charAt(common - 1))) {
      common--;
    }
    cut = Math.max(cut, common);
    if (!endsInsideCharacter(text) && common == text.length()) {
      settle(end);
    }
  }

  private void settle(int end) {
    windowStart = settled;
    settled = end;
    windowText = decode.apply(Arrays.copyOfRange(tokens, windowStart, end));
  }

  private static boolean endsInsideCharacter(String text) {
    return !text.isEmpty() && text.charAt(text.length() - 1) == REPLACEMENT;
  }
}
