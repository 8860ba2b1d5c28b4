package dev.whence.web;

/**
 * Makes characters visible that would change how the text around them looks: controls of writing
 * direction, which can reverse a page, and control bytes. Done to whole pages, so that no template
 * can forget it.
 */
final class Neutral {
  private static final String RAW = "textarea"; // what is in it goes back to the server as it is

  private Neutral() {}

  /** A page with such characters spelled out in its texts; attributes keep them. */
  static String html(String page) {
    StringBuilder safe = new StringBuilder(page.length());
    boolean inTag = false;
    boolean inRaw = false;
    int at = 0;
    while (at < page.length()) {
      int c = page.codePointAt(at);
      int length = Character.charCount(c);
      if (c == '<') {
        inTag = true;
        if (page.startsWith(RAW, at + 1)) {
          inRaw = true;
        } else if (page.startsWith("/" + RAW, at + 1)) {
          inRaw = false;
        }
      }
      if (inTag || inRaw || !isHarmful(c)) {
        safe.append(page, at, at + length);
      } else {
        safe.append(spelledOut(c));
      }
      if (c == '>') {
        inTag = false;
      }
      at += length;
    }
    return safe.toString();
  }

  /** A text with such characters spelled out. */
  static String text(String text) {
    StringBuilder safe = new StringBuilder(text.length());
    text.codePoints()
        .forEach(c -> {
          if (isHarmful(c)) {
            safe.append(spelledOut(c));
          } else {
            safe.appendCodePoint(c);
          }
        });
    return safe.toString();
  }

  private static boolean isHarmful(int c) {
    return (Character.isISOControl(c) && c != '\n' && c != '\t' && c != '\r')
        || c == 0x061C
        || (c >= 0x200E && c <= 0x200F)
        || (c >= 0x202A && c <= 0x202E)
        || (c >= 0x2066 && c <= 0x2069)
        || (c >= 0xFFF9 && c <= 0xFFFB)
        || (c >= 0xE0000 && c <= 0xE007F);
  }

  private static String spelledOut(int c) {
    return "[U+%04X]".formatted(c);
  }
}
