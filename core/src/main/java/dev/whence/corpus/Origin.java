package dev.whence.corpus;

import java.nio.file.Path;

/** Where a document stands: its file and its line or row, from 1; line 0 is the file as a whole. */
record Origin(Path file, long line) {
  static Origin whole(Path file) {
    return new Origin(file, 0);
  }

  @Override
  public String toString() {
    return line == 0 ? file.toString() : file + ":" + line;
  }
}
