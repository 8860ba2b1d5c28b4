package dev.whence.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.whence.InvalidInputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WorkFolderTest {
  private static final Map<String, String> WORK = Map.of("seed", "1");

  @TempDir private Path folder;

  private Path target = Path.of("");

  @BeforeEach
  void name() {
    target = folder.resolve("out");
  }

  @Test
  void partOfTheSameWorkIsTakenUp() throws IOException {
    leave("half", WORK);
    try (WorkFolder work = WorkFolder.open(target, WORK, false)) {
      assertThat(work.path().resolve("half")).hasContent("half");
    }
  }

  @Test
  void partOfOtherWorkIsDiscarded() throws IOException {
    leave("half", Map.of("seed", "2"));
    assertFresh(false);
    leave("half", Map.of());
    assertFresh(false);
  }

  @Test
  void restartDiscardsEvenTheSameWork() throws IOException {
    leave("half", WORK);
    assertFresh(true);
  }

  @Test
  void partWhoseIdentityIsDamagedOrLostIsDiscarded() throws IOException {
    leave("half", WORK);
    Files.writeString(partial().resolve("identity.json"), "{\"seed\": \"1");
    assertFresh(false);
    leave("half", WORK);
    Files.delete(partial().resolve("identity.json"));
    assertFresh(false);
  }

  private void assertFresh(boolean restart) throws IOException {
    try (WorkFolder work = WorkFolder.open(target, WORK, restart)) {
      assertThat(Workbench.names(work.path())).containsExactly("identity.json", "lock");
    }
    leave("again", WORK); // and the new identity holds
    try (WorkFolder work = WorkFolder.open(target, WORK, false)) {
      assertThat(work.path().resolve("deep").resolve("again")).exists();
    }
  }

  @Test
  void publishedFolderHasTheWorkAloneAndReplacesTheOld() throws IOException {
    for (String generation : new String[] {"first", "second"}) {
      try (WorkFolder work = WorkFolder.open(target, WORK, true)) {
        Files.writeString(work.path().resolve(generation), generation);
        Files.writeString(work.path().resolve("manifest.json"), "{\"whenceVersion\": \"test\"}");
        if (generation.equals("second")) {
          assertThat(target.resolve("first")).as("until the end").exists();
        }
        work.publish();
      }
      assertThat(Workbench.names(target)).containsOnly(generation, "manifest.json");
      assertThat(Workbench.names(folder)).containsExactly("out");
    }
  }

  @Test
  void publishingGetsRidOfWhatAKilledProcessLeftBehind() throws IOException {
    Files.writeString(Files.createDirectory(folder.resolve("out.old")).resolve("x"), "x");
    try (WorkFolder work = WorkFolder.open(target, WORK, false)) {
      work.publish();
    }
    assertThat(Workbench.names(folder)).containsExactly("out");
  }

  @Test
  void secondWriterIsRefusedUntilTheFirstCloses() {
    WorkFolder first = WorkFolder.open(target, WORK, false);
    try (first) {
      for (int attempt = 0; attempt < 2; attempt++) { // the first refusal must not free the lock
        assertThatThrownBy(() -> WorkFolder.open(target, WORK, true).close())
            .isInstanceOf(InvalidInputException.class)
            .hasMessageContaining("another process is writing " + target);
      }
      assertThat(first.path().resolve("identity.json")).as("not discarded").exists();
    }
    WorkFolder.open(target, WORK, false).close();
  }

  @Test
  void onlyMissingAndEmptyFoldersAreFree() throws IOException {
    assertThat(WorkFolder.isFree(target)).isTrue();
    Files.createDirectory(target);
    assertThat(WorkFolder.isFree(target)).isTrue();
    Files.writeString(target.resolve(".hidden"), "");
    assertThat(WorkFolder.isFree(target)).isFalse();
    assertThatThrownBy(() -> WorkFolder.isFree(target.resolve(".hidden")))
        .isInstanceOf(InvalidInputException.class);
  }

  private Path partial() {
    return folder.resolve("out.partial");
  }

  /** What an interrupted process leaves: a file in the partial folder, and one deeper in it. */
  private void leave(String name, Map<String, String> identity) throws IOException {
    try (WorkFolder work = WorkFolder.open(target, identity, false)) {
      Files.writeString(work.path().resolve(name), name);
      Path deep = Files.createDirectories(work.path().resolve("deep"));
      Files.writeString(deep.resolve(name), name);
    }
  }
}
