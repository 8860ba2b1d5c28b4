package dev.whence.corpus;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class LinesTest {
  @Test
  void lastLineNeedsNoLineFeedAndCarriageReturnsGo() throws IOException {
    assertThat(lines("one\r\ntwo\n\nfour", 100)).containsExactly("1 one", "2 two", "3 ", "4 four");
  }

  @Test
  void byteOrderMarkIsNotPartOfTheFirstLine() throws IOException {
    assertThat(lines("\uFEFFone\n\uFEFFtwo", 100)).containsExactly("1 one", "2 \uFEFFtwo");
  }

  @Test
  void tooLongLineIsNamedAndTheNextOneIsRead() throws IOException {
    assertThat(lines("12345\n123456\n7", 5))
        .containsExactly("1 12345", "2 bad: it is longer than 5 bytes", "3 7");
  }

  @Test
  void linesLongerThanTheBufferAreWhole() throws IOException {
    String line = "x".repeat(300_000);
    assertThat(lines(line + "\ny", 300_000)).containsExactly("1 " + line, "2 y");
    assertThat(lines(line + "\ny", 299_999))
        .containsExactly("1 bad: it is longer than 299999 bytes", "2 y");
  }

  @Test
  void endlessLineIsNotHeld() throws IOException {
    // 8 GiB of one line: holding it would run out of memory, or of the largest array.
    long size = 8L << 30;
    var endless =
        new InputStream() {
          private long left = size;

          @Override
          public int read() {
            return left-- > 0 ? 'x' : -1;
          }

          @Override
          public int read(byte[] bytes, int offset, int length) {
            int n = (int) Math.min(length, left);
            left -= n; // what is in the buffer already will do for a line
            return n == 0 ? -1 : n;
          }
        };
    assertThat(lines(endless, 1000)).containsExactly("1 bad: it is longer than 1000 bytes");
  }

  @Test
  void invalidUtf8IsMalformedAndNotReplaced() throws IOException {
    byte[] bytes = {'a', (byte) 0xC3, '\n', (byte) 0xED, (byte) 0xA0, (byte) 0x80, '\n', 'b'};
    assertThat(lines(new ByteArrayInputStream(bytes), 100))
        .containsExactly("1 bad: it is not valid UTF-8", "2 bad: it is not valid UTF-8", "3 b");
  }

  private static List<String> lines(String text, int limit) throws IOException {
    return lines(new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8)), limit);
  }

  private static List<String> lines(InputStream in, int limit) throws IOException {
    var lines = new Lines(in, limit);
    List<String> read = new ArrayList<>();
    for (Optional<Lines.Line> next = lines.next(); next.isPresent(); next = lines.next()) {
      read.add(
          switch (next.get()) {
            case Lines.Line.Good(long number, String text) -> number + " " + text;
            case Lines.Line.Bad(long number, String reason) -> number + " bad: " + reason;
          });
    }
    return read;
  }
}
