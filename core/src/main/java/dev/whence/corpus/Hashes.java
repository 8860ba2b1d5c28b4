package dev.whence.corpus;

import dev.whence.InvalidInputException;
import dev.whence.Progress;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** SHA-256, in lower-case hexadecimal. */
final class Hashes {
  private static final int BUFFER = 1 << 20;

  private Hashes() {}

  /** Whether a text is a hash, and so safe to be the name of a file. */
  static boolean isHash(String text) {
    return text.matches("[0-9a-f]{64}");
  }

  static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every Java platform has SHA-256", e);
    }
  }

  static String finish(MessageDigest digest) {
    return HexFormat.of().formatHex(digest.digest());
  }

  static String of(byte[] bytes) {
    MessageDigest digest = sha256();
    digest.update(bytes);
    return finish(digest);
  }

  static String of(String text) {
    return of(text.getBytes(StandardCharsets.UTF_8));
  }

  /** Hashes a file's bytes as a stream, telling {@code stage} of each buffer. */
  static String of(Path file, Progress.Stage stage) throws IOException {
    MessageDigest digest = sha256();
    byte[] buffer = new byte[BUFFER];
    try (InputStream in = Files.newInputStream(file)) {
      for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
        digest.update(buffer, 0, n);
        stage.advance(n);
      }
    }
    return finish(digest);
  }

  /**
   * Hashes a file the user gave.
   *
   * @throws InvalidInputException if it cannot be read
   */
  static String ofInput(Path file, Progress.Stage stage) {
    try {
      return of(file, stage);
    } catch (IOException e) {
      throw new InvalidInputException("The corpus file " + file + " cannot be read: " + e, e);
    }
  }
}
