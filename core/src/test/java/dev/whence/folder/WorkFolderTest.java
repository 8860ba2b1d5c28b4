package dev.whence.folder;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.whence.InvalidInputException;
import dev.whence.run.Workbench;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

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
    try (WorkFolder work = open(WORK)) {
      assertThat(work.path().resolve("half")).hasContent("half");
      assertThat(work.path().resolve("deep").resolve("half")).hasContent("half");
    }
  }

  @Test
  void partOfOtherWorkIsRefusedSayingWhatDiffersUntilForced() throws IOException {
    String hash = "0".repeat(64);
    leave("half", Map.of("seed", "2", "corpus", hash, "blocks", "1"));
    assertThatThrownBy(() -> open(WORK).close())
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("out.partial holds interrupted work on something else")
        .hasMessageContaining("(blocks was 1 and is none now, other corpus, seed was 2 and is 1")
        .hasMessageContaining("--force");
    assertThat(partial().resolve("half")).hasContent("half");
    open(Map.of("seed", "2", "corpus", hash, "blocks", "1")).close(); // as it was: taken up
    assertThat(partial().resolve("half")).hasContent("half");
    open(WORK, true).close();
    assertFresh();
  }

  @Test
  void partWhoseIdentityIsDamagedIsKeptUntilForced() throws IOException {
    leave("half", WORK);
    Files.writeString(partial().resolve("identity.json"), "{\"seed\": \"1");
    assertRefused("(identity.json is damaged); give --force");
    assertThat(partial().resolve("half")).hasContent("half");
    open(WORK, true).close();
    assertFresh();
  }

  @Test
  void discardingThatWasKilledIsGoneOnWith() throws IOException {
    leave("half", Map.of("seed", "2"));
    Files.writeString(partial().resolve("identity.json"), "{}"); // the first that discarding does
    assertFresh();
  }

  @Test
  void workThatIsStartedOverIsGoneAndStillForTheSame() throws IOException {
    leave("half", WORK);
    try (WorkFolder work = open(WORK)) {
      work.startOver();
      assertThat(Workbench.names(work.path())).containsExactly("identity.json", "lock");
      Files.writeString(work.path().resolve("other half"), "");
    }
    try (WorkFolder work = open(WORK)) {
      assertThat(work.path().resolve("other half")).exists();
    }
  }

  private void assertFresh() throws IOException {
    try (WorkFolder work = open(WORK)) {
      assertThat(Workbench.names(work.path())).containsExactly("identity.json", "lock");
    }
    leave("again", WORK); // and the new identity holds
    try (WorkFolder work = open(WORK)) {
      assertThat(work.path().resolve("deep").resolve("again")).exists();
    }
  }

  @Test
  void foreignFilesUnderThePartialFoldersNameAreLeftAlone() throws IOException {
    Path file = Files.createDirectory(partial()).resolve("thesis.tex");
    Files.writeString(file, "text");
    assertRefused("holds files that Whence did not write");
    assertThat(file).hasContent("text");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "{\"kind\": \"results\"}", "{\"name\": \"another program's\"}", "[]", "null"})
  void folderOfAnotherKindIsLeftAlone(String manifest) throws IOException {
    Path file = Files.createDirectory(target).resolve(manifest.isEmpty() ? "x" : "manifest.json");
    Files.writeString(file, manifest);
    assertRefused("not a run folder");
    assertThat(file).hasContent(manifest);
    assertThat(Workbench.names(folder)).containsExactly("out");
  }

  private void assertRefused(String message) {
    assertThatThrownBy(() -> open(WORK).close())
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining(message);
  }

  @Test
  void publishedFolderHasTheWorkAloneAndReplacesTheOld() throws IOException {
    Files.createDirectory(target); // an empty folder is in nobody's way
    for (String generation : new String[] {"first", "second"}) {
      try (WorkFolder work = open(WORK)) {
        Files.writeString(work.path().resolve(generation), generation);
        Files.writeString(work.path().resolve("manifest.json"), "{\"kind\": \"run\"}");
        if (generation.equals("second")) {
          assertThat(target.resolve("first")).as("until the end").exists();
        }
        assertThat(work.publish()).isEqualTo(target.toRealPath());
      }
      assertThat(Workbench.names(target)).containsOnly(generation, "manifest.json");
      assertThat(Workbench.names(folder)).containsExactly("out");
    }
  }

  @Test
  void linkStaysALink() throws IOException {
    Path elsewhere = Files.createDirectories(folder.resolve("disk").resolve("real"));
    Files.createSymbolicLink(target, elsewhere);
    try (WorkFolder work = open(WORK)) {
      Files.writeString(work.path().resolve("manifest.json"), "{\"kind\": \"run\"}");
      assertThat(work.publish()).isEqualTo(elsewhere.toRealPath());
    }
    assertThat(target).isSymbolicLink();
    assertThat(Workbench.names(target)).containsExactly("manifest.json");
    assertThat(Workbench.names(folder.resolve("disk"))).containsExactly("real");
  }

  @Test
  void secondWriterIsRefusedUntilTheFirstCloses() {
    WorkFolder first = open(WORK);
    try (first) {
      for (int attempt = 0; attempt < 2; attempt++) { // the first refusal must not free the lock
        assertThatThrownBy(() -> open(Map.of("seed", "2")).close())
            .isInstanceOf(InvalidInputException.class)
            .hasMessageContaining("another process is writing");
      }
      assertThat(first.path().resolve("identity.json")).as("not discarded").exists();
    }
    open(WORK).close();
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

  private WorkFolder open(Map<String, String> identity) {
    return open(identity, false);
  }

  private WorkFolder open(Map<String, String> identity, boolean force) {
    return WorkFolder.open(target, FolderKind.RUN, identity, force);
  }

  private Path partial() {
    return folder.resolve("out.partial");
  }

  /** What an interrupted process leaves: a file in the partial folder, and one deeper in it. */
  private void leave(String name, Map<String, String> identity) throws IOException {
    try (WorkFolder work = open(identity)) {
      Files.writeString(work.path().resolve(name), name);
      Path deep = Files.createDirectories(work.path().resolve("deep"));
      Files.writeString(deep.resolve(name), name);
    }
  }
}
