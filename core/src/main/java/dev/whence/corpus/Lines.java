package dev.whence.corpus;

import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.Optional;

/**
 * A byte stream as lines of strict UTF-8, ended by a line feed with or without a carriage return. A
 * line longer than the limit is read past without being held, so memory is bounded whatever the
 * file.
 */
final class Lines {
  /** The longest line that is read, in bytes. */
  static final int MAXIMUM_BYTES = 64 << 20;

  /** One line, numbered from 1. */
  sealed interface Line {
    long number();

    record Good(long number, String text) implements Line {}

    record Bad(long number, String reason) implements Line {}
  }

  private final InputStream in;
  private final int maximumBytes;
  private final byte[] buffer = new byte[1 << 16];
  private int position;
  private int limit;
  private byte[] line = new byte[1 << 12];
  private long number;

  Lines(InputStream in, int maximumBytes) {
    this.in = in;
    this.maximumBytes = maximumBytes;
  }

  /** The next line, or nothing at the end of the stream. */
  Optional<Line> next() throws IOException {
    if (position == limit && !fill()) {
      return Optional.empty();
    }
    number++;
    int length = 0;
    boolean tooLong = false;
    while (true) {
      int end = endOfLine();
      int piece = end - position;
      if (tooLong || piece > maximumBytes - length) {
        tooLong = true;
      } else {
        append(length, piece);
        length += piece;
      }
      boolean ended = end < limit;
      position = ended ? end + 1 : end;
      if (ended || !fill()) {
        return Optional.of(tooLong ? tooLong() : decoded(length));
      }
    }
  }

  private Line tooLong() {
    return new Line.Bad(number, "it is longer than " + maximumBytes + " bytes");
  }

  private Line decoded(int length) {
    int bytes = length > 0 && line[length - 1] == '\r' ? length - 1 : length;
    try {
      String text = Unicode.decode(line, bytes);
      return new Line.Good(number, number == 1 ? Unicode.withoutByteOrderMark(text) : text);
    } catch (MalformedDocumentException e) {
      return new Line.Bad(number, e.reason());
    }
  }

  private int endOfLine() {
    int end = position;
    while (end < limit && buffer[end] != '\n') {
      end++;
    }
    return end;
  }

  private void append(int length, int piece) {
    if (length + piece > line.length) {
      int doubled = (int) Math.min(2L * line.length, maximumBytes);
      line = Arrays.copyOf(line, Math.max(doubled, length + piece));
    }
    System.arraycopy(buffer, position, line, length, piece);
  }

  private boolean fill() throws IOException {
    position = 0;
    limit = Math.max(in.read(buffer), 0);
    return limit > 0;
  }
}
