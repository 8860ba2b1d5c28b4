package dev.whence.web;

import java.io.IOException;
import java.io.UncheckedIOException;

/** The explorer's own files, which are part of the program. */
final class Asset {
  private Asset() {}

  static byte[] read(String name) {
    try (var in = Asset.class.getResourceAsStream(name)) {
      if (in == null) {
        throw new IllegalStateException(name + " is not in the program");
      }
      return in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
