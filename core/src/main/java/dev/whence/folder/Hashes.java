package dev.whence.folder;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.function.LongConsumer;
import java.util.stream.Stream;

/** SHA-256, in lower-case hexadecimal. */
public final class Hashes {
  private static final int BUFFER = 1 << 20;

  private Hashes() {}

  /** Whether a text is a hash, and so safe to be the name of a file. */
  public static boolean isHash(String text) {
    return text.matches("[0-9a-f]{64}");
  }

  /** A new digest, for bytes that come piece by piece. */
  public static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every Java platform has SHA-256", e);
    }
  }

  /** The hash of all that a digest was given. */
  public static String finish(MessageDigest digest) {
    return HexFormat.of().formatHex(digest.digest());
  }

  /** The hash of some bytes. */
  public static String of(byte[] bytes) {
    MessageDigest digest = sha256();
    digest.update(bytes);
    return finish(digest);
  }

  /** The hash of a text in UTF-8. */
  public static String of(String text) {
    return of(text.getBytes(StandardCharsets.UTF_8));
  }

  /**
   * The hash of a file's bytes, read as a stream.
   *
   * @param progress is told how many bytes were read, piece by piece
   */
  public static String of(Path file, LongConsumer progress) throws IOException {
    MessageDigest digest = sha256();
    byte[] buffer = new byte[BUFFER];
    try (InputStream in = Files.newInputStream(file)) {
      for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
        digest.update(buffer, 0, n);
        progress.accept(n);
      }
    }
    return finish(digest);
  }

  /** One hash over names and contents of files, in this order. */
  public static String ofFiles(List<Path> files) {
    return ofTexts(
        files.stream()
            .flatMap(file -> Stream.of(file.getFileName().toString(), contentHash(file))));
  }

  /** One hash over texts, in this order. */
  public static String ofTexts(Stream<String> texts) {
    MessageDigest digest = sha256();
    texts.forEach(text -> {
      byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
      // The length keeps ("ab", "c") apart from ("a", "bc").
      digest.update(ByteBuffer.allocate(4).putInt(bytes.length).array());
      digest.update(bytes);
    });
    return finish(digest);
  }

  private static String contentHash(Path file) {
    GitLfs.requireContent(file);
    try {
      return of(file, _ -> {});
    } catch (IOException e) {
      throw AtomicFile.unreadable(file, e);
    }
  }
}
