package dev.whence.web;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What a text shares with a completion: words, and runs of words. */
final class Overlap {
  private static final Pattern WORD = Pattern.compile("[\\p{L}\\p{N}]+");

  /** Shorter words are shared by nearly all texts. */
  private static final int SHORTEST_WORD = 4;

  /** From so many words in the same order on, a run counts as verbatim. */
  private static final int RUN = 3;

  private static final byte SHARED = 1;
  private static final byte VERBATIM = 2;

  private final byte[] marks; // SHARED and VERBATIM, by char

  private Overlap(byte[] marks) {
    this.marks = marks;
  }

  private record Word(String text, int start, int end) {}

  static Overlap of(String text, String completion) {
    byte[] marks = new byte[text.length()];
    List<Word> own = words(text);
    List<Word> wanted = words(completion);
    Set<String> shared = new HashSet<>();
    wanted.stream().map(Word::text).filter(w -> w.length() >= SHORTEST_WORD).forEach(shared::add);
    for (Word word : own) {
      if (shared.contains(word.text)) {
        mark(marks, word.start, word.end, SHARED);
      }
    }
    Set<String> runs = new HashSet<>();
    for (int w = 0; w + RUN <= wanted.size(); w++) {
      runs.add(run(wanted, w));
    }
    for (int w = 0; w + RUN <= own.size(); w++) {
      if (runs.contains(run(own, w))) {
        mark(marks, own.get(w).start, own.get(w + RUN - 1).end, VERBATIM);
      }
    }
    return new Overlap(marks);
  }

  private static List<Word> words(String text) {
    List<Word> words = new ArrayList<>();
    Matcher matcher = WORD.matcher(text);
    while (matcher.find()) {
      words.add(new Word(matcher.group().toLowerCase(Locale.ROOT), matcher.start(), matcher.end()));
    }
    return words;
  }

  private static String run(List<Word> words, int first) {
    StringBuilder run = new StringBuilder();
    words.subList(first, first + RUN).forEach(word -> run.append(word.text).append(' '));
    return run.toString();
  }

  private static void mark(byte[] marks, int start, int end, byte mark) {
    for (int i = start; i < end; i++) {
      marks[i] |= mark;
    }
  }

  /** The end, at most {@code end}, of the run of chars that have the style of {@code from}. */
  int sameUntil(int from, int end) {
    int at = from + 1;
    while (at < end && looks(at).equals(looks(from))) {
      at++;
    }
    return at;
  }

  /** The style of a char; empty when it has none. */
  String looks(int at) {
    return (marks[at] & VERBATIM) != 0 ? "verbatim" : (marks[at] & SHARED) != 0 ? "shared" : "";
  }
}
