package dev.whence.run;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.Properties;

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
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      for (Path file : files) {
        MessageDigest content = MessageDigest.getInstance("SHA-256");
        try (InputStream in = new DigestInputStream(Files.newInputStream(file), content)) {
          byte[] buffer = new byte[1 << 20];
          while (in.read(buffer) >= 0) {
            // the stream feeds the digest
          }
        } catch (IOException e) {
          throw new UncheckedIOException("cannot read " + file + ": " + e.getMessage(), e);
        }
        digest.update(
            file.getFileName().toString().getBytes(java.nio.charset.StandardCharsets.UTF_8));
        digest.update((byte) 0);
        digest.update(content.digest());
      }
      return HexFormat.of().formatHex(digest.digest());
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
