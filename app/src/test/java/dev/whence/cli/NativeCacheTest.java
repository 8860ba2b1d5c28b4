package dev.whence.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class NativeCacheTest {
  private static final String JAVACPP = "org.bytedeco.javacpp.cachedir";
  private static final String DJL = "DJL_CACHE_DIR";

  private final Optional<String> javacpp = Optional.ofNullable(System.getProperty(JAVACPP));
  private final Optional<String> djl = Optional.ofNullable(System.getProperty(DJL));

  @BeforeEach
  void clear() {
    System.clearProperty(JAVACPP);
    System.clearProperty(DJL);
  }

  @AfterEach
  void restore() {
    clear();
    javacpp.ifPresent(value -> System.setProperty(JAVACPP, value));
    djl.ifPresent(value -> System.setProperty(DJL, value));
  }

  @Test
  void librariesAreUnpackedBelowTheChosenFolder() {
    NativeCache.choose(Map.of("WHENCE_CACHE", "/scratch/me"));
    assertThat(Path.of(System.getProperty(JAVACPP)))
        .isEqualTo(Path.of("/scratch/me/native/javacpp"));
    assertThat(Path.of(System.getProperty(DJL))).isEqualTo(Path.of("/scratch/me/native/djl"));
  }

  @Test
  void whatIsSetAlreadyHolds() {
    System.setProperty(DJL, "/elsewhere");
    NativeCache.choose(Map.of("WHENCE_CACHE", "/scratch/me"));
    assertThat(System.getProperty(DJL)).isEqualTo("/elsewhere");
  }

  @Test
  void otherwiseTheLibrariesChoose() {
    NativeCache.choose(Map.of());
    NativeCache.choose(Map.of("WHENCE_CACHE", " "));
    assertThat(System.getProperty(JAVACPP)).isNull();
    assertThat(System.getProperty(DJL)).isNull();
  }
}
