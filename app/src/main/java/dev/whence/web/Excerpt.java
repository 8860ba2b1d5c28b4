package dev.whence.web;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The part of a text around what was searched for.
 *
 * @param wholeWords whether it has the search as whole words
 */
public record Excerpt(List<Part> parts, boolean wholeWords) {
  private static final int BEFORE = 100;
  private static final int LENGTH = 300;

  /**
   * A piece of the text.
   *
   * @param matched whether it is what was searched for
   */
  public record Part(String text, boolean matched) {}

  /** Whether the text has anything that was searched for. */
  boolean isMatch() {
    return parts.stream().anyMatch(Part::matched);
  }

  /** Cuts a text around the first match: of the whole search, else of any of its words. */
  static Excerpt of(String text, String search) {
    String wanted = search.strip();
    Pattern exact = Pattern.compile(Pattern.quote(wanted), FLAGS);
    Pattern whole = bounded(Pattern.quote(wanted));
    Pattern words = bounded(alternatives(wanted));
    Pattern pattern =
        whole.matcher(text).find() ? whole : exact.matcher(text).find() ? exact : words;
    Matcher matcher = pattern.matcher(text);
    boolean found = matcher.find();
    int first = found ? matcher.start() : 0;
    int from = first > BEFORE ? wordStart(text, first - BEFORE) : 0;
    int to = Math.min(text.length(), Math.max(from + LENGTH, found ? matcher.end() : 0));
    if (to < text.length() && Character.isLowSurrogate(text.charAt(to))) {
      to++;
    }
    List<Part> parts = new ArrayList<>();
    add(parts, from > 0 ? "… " : "", false);
    int at = from;
    matcher.reset();
    while (matcher.find()) {
      if (matcher.start() >= at && matcher.end() <= to) {
        add(parts, text.substring(at, matcher.start()), false);
        add(parts, matcher.group(), true);
        at = matcher.end();
      }
    }
    add(parts, text.substring(at, to) + (to < text.length() ? " …" : ""), false);
    return new Excerpt(parts, pattern.equals(whole));
  }

  private static final int FLAGS =
      Pattern.CASE_INSENSITIVE | Pattern.UNICODE_CASE | Pattern.UNICODE_CHARACTER_CLASS;

  private static Pattern bounded(String pattern) {
    return Pattern.compile("(?<!\\w)(?:" + pattern + ")(?!\\w)", FLAGS);
  }

  private static String alternatives(String search) {
    List<String> words = new ArrayList<>();
    for (String word : search.split("\\s+")) {
      words.add(Pattern.quote(word));
    }
    return String.join("|", words);
  }

  private static int wordStart(String text, int at) {
    for (int start = at; start > Math.max(0, at - BEFORE); start--) {
      if (Character.isWhitespace(text.charAt(start - 1))) {
        return start;
      }
    }
    return Character.isLowSurrogate(text.charAt(at)) ? at - 1 : at; // a script without spaces
  }

  private static void add(List<Part> parts, String text, boolean matched) {
    if (!text.isEmpty()) {
      parts.add(new Part(text, matched));
    }
  }
}
