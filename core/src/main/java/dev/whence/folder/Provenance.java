package dev.whence.folder;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Objects;
import java.util.Properties;

/** What made an artefact. What it was made from is in its own manifest, by hash. */
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
}
