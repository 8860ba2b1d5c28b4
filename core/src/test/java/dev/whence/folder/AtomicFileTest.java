package dev.whence.folder;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.whence.Json;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.core.JacksonException;

class AtomicFileTest {
  @TempDir private Path folder;

  @Test
  void newTextReplacesTheOldWholly() throws IOException {
    Path file = folder.resolve("f.txt");
    AtomicFile.write(file, "a long first text");
    AtomicFile.write(file, "Zürich");
    assertThat(file).hasContent("Zürich");
    assertOnly(file);
  }

  @Test
  void failureLeavesTheOldFileAndNothingBeside() throws IOException {
    Path file = folder.resolve("f.txt");
    AtomicFile.write(file, "old");
    assertThatThrownBy(() ->
            AtomicFile.write(
                file,
                channel -> {
                  AtomicFile.writeFully(
                      channel, ByteBuffer.wrap("ne".getBytes(StandardCharsets.UTF_8)));
                  throw new IOException("disk full");
                }))
        .isInstanceOf(IOException.class)
        .hasMessage("disk full");
    assertThat(file).hasContent("old");
    assertOnly(file);
  }

  @Test
  void readersSeeTheOldFileUntilTheNewOneIsWhole() throws IOException {
    Path file = folder.resolve("f.txt");
    AtomicFile.write(file, "old");
    AtomicFile.write(
        file,
        channel -> {
          AtomicFile.writeFully(channel, ByteBuffer.wrap("new".getBytes(StandardCharsets.UTF_8)));
          assertThat(file).hasContent("old");
        });
    assertThat(file).hasContent("new");
  }

  @Test
  void restOfAnInterruptedWriteDoesNotLeakIntoTheNext() throws IOException {
    Path file = folder.resolve("f.txt");
    Files.writeString(folder.resolve("f.txt.tmp"), "left behind by a crash, and long");
    AtomicFile.write(file, "new");
    assertThat(file).hasContent("new");
    assertOnly(file);
  }

  @Test
  void jsonWithAKeyTwiceOrATrailIsRefused() {
    assertThatThrownBy(() -> Json.MAPPER.readTree("{\"a\": 1, \"a\": 2}"))
        .isInstanceOf(JacksonException.class);
    assertThatThrownBy(() -> Json.MAPPER.readTree("{\"a\": 1} x"))
        .isInstanceOf(JacksonException.class);
    assertThat(Json.MAPPER.readTree("{\"a\": 1}\n").path("a").asInt()).isEqualTo(1);
  }

  private void assertOnly(Path file) throws IOException {
    try (var files = Files.list(folder)) {
      assertThat(files).containsExactly(file);
    }
  }
}
