package dev.whence.run;

import dev.whence.AtomicFile;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.Properties;
import java.util.stream.Stream;

/** What an artefact was made by and from. */
public final class Provenance {
  /** This program's version. */
  public static final String VERSION = version();

  private Provenance() {}

  private static String version() {
    try (InputStream file =
        Objects.requireNonNull(Provenance.class.getResourceAsStream("/whence.properties"))) {
      Properties properties = new Properties();
      properties.load(file);
      return Objects.requireNonNull(properties.getProperty("version"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** SHA-256 over names and contents of files, in this order, in hexadecimal. */
  public static String sha256(List<Path> files) {
    return sha256(
        files.stream()
            .flatMap(file -> Stream.of(file.getFileName().toString(), contentSha256(file))));
  }

  /** SHA-256 over texts, in this order, in hexadecimal. */
  public static String sha256(Stream<String> texts) {
    MessageDigest digest = digest();
    texts.forEach(text -> {
      byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
      // The length keeps ("ab", "c") apart from ("a", "bc").
      digest.update(ByteBuffer.allocate(4).putInt(bytes.length).array());
      digest.update(bytes);
    });
    return HexFormat.of().formatHex(digest.digest());
  }

  private static String contentSha256(Path file) {
    MessageDigest digest = digest();
    try (InputStream in = Files.newInputStream(file)) {
      byte[] buffer = new byte[1 << 20];
      for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
        digest.update(buffer, 0, read);
      }
      return HexFormat.of().formatHex(digest.digest());
    } catch (IOException e) {
      throw AtomicFile.failed("read", file, e);
    }
  }

  private static MessageDigest digest() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e); // every JDK has it
    }
  }
}
