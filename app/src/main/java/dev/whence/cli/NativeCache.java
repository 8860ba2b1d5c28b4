package dev.whence.cli;

import java.nio.file.Path;
import java.util.Map;

/**
 * Where native libraries are unpacked: below $WHENCE_CACHE, where that is set, else below $HOME.
 */
final class NativeCache {
  private NativeCache() {}

  /** Tells the libraries, before any of them is loaded. */
  static void choose(Map<String, String> environment) {
    String chosen = environment.get("WHENCE_CACHE");
    if (chosen != null && !chosen.isBlank()) {
      Path folder = Path.of(chosen).toAbsolutePath().resolve("native");
      set("org.bytedeco.javacpp.cachedir", folder.resolve("javacpp"));
      set("DJL_CACHE_DIR", folder.resolve("djl"));
    }
  }

  private static void set(String property, Path folder) {
    if (System.getProperty(property) == null) {
      System.setProperty(property, folder.toString());
    }
  }
}
