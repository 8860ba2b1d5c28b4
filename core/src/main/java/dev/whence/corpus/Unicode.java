package dev.whence.corpus;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/** Text that is exactly what its bytes say, or is refused: nothing is replaced silently. */
final class Unicode {
  private static final char BYTE_ORDER_MARK = '\uFEFF';

  private Unicode() {}

  /** Decodes the first {@code length} bytes of UTF-8, refusing what is not. */
  static String decode(byte[] bytes, int length) throws MalformedDocumentException {
    try {
      // A new decoder reports malformed input, where the String constructor replaces it.
      return StandardCharsets.UTF_8
          .newDecoder()
          .decode(ByteBuffer.wrap(bytes, 0, length))
          .toString();
    } catch (CharacterCodingException _) {
      throw new MalformedDocumentException("it is not valid UTF-8");
    }
  }

  static String withoutByteOrderMark(String text) {
    return !text.isEmpty() && text.charAt(0) == BYTE_ORDER_MARK ? text.substring(1) : text;
  }

  /** Whether every surrogate is paired: JSON's escapes can spell a string that is not Unicode. */
  static boolean isWellFormed(String text) {
    return text.codePoints()
        .noneMatch(c -> c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE);
  }
}
