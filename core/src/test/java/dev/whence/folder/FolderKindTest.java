package dev.whence.folder;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.whence.InvalidInputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

class FolderKindTest {
  @TempDir private Path folder;

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          run             | a results folder, not a run folder
          influence-index | a results folder, not an influence index
          index           | a results folder, not a lexical index
          """)
  void anotherKindIsNamed(String kind, String message) throws IOException {
    write("{\"kind\": \"results\", \"format\": 1, \"whence_version\": \"1\"}");
    FolderKind wanted = kind(kind);
    assertThat(FolderKind.of(folder)).contains(FolderKind.RESULTS);
    assertRefused(wanted, "is " + message + "; make one with 'whence ");
    assertThatThrownBy(() -> wanted.requireReplaceable(folder))
        .isInstanceOf(InvalidInputException.class)
        .hasMessage(folder + " is there already and is " + message + "; choose another --out");
  }

  @Test
  void anotherProgramsManifestIsToldFromThatOfANewerVersion() throws IOException {
    write("{\"kind\": \"something\", \"name\": \"a web page\"}");
    assertThat(FolderKind.of(folder)).isEmpty();
    assertRefused(FolderKind.RUN, "not a run folder (its manifest.json is another program's)");
    write("{\"kind\": \"something\", \"format\": 1, \"whence_version\": \"9\"}");
    assertRefused(FolderKind.RUN, "not a run folder (a newer version of Whence wrote it)");
  }

  @ParameterizedTest
  @CsvSource({"1, make it again with 'whence fit --force'", "3, use a newer one"})
  void olderAndNewerFormatsHaveTheirOwnRemedies(int format, String remedy) throws IOException {
    write("{\"kind\": \"run\", \"format\": %d}".formatted(format));
    assertRefused(
        FolderKind.RUN,
        "has format %d, but this version of Whence reads 2; %s".formatted(format, remedy));
  }

  @Test
  void whatIsMissingOrUnfinishedIsSaidToBe() throws IOException {
    assertThatThrownBy(() -> FolderKind.RESULTS.read(folder.resolve("x"), 1, JsonNode.class))
        .hasMessage(
            folder.resolve("x") + " does not exist; make a results folder with 'whence attribute'");
    assertRefused(FolderKind.RESULTS, "not a results folder (it has no manifest.json)");
    try (WorkFolder _ =
        WorkFolder.open(folder.resolve("x"), FolderKind.RESULTS, Map.of("a", "b"), false)) {
      for (String name : new String[] {"x", "./x", "y/../x"}) {
        assertThatThrownBy(() -> FolderKind.RESULTS.read(folder.resolve(name), 1, JsonNode.class))
            .hasMessageContaining("is not finished; run the same 'whence attribute' again");
      }
    }
  }

  @Test
  void onlyNothingAndTheSameKindAreReplaced() throws IOException {
    FolderKind.RUN.requireReplaceable(folder.resolve("missing"));
    FolderKind.RUN.requireReplaceable(folder); // empty
    write("{\"kind\": \"run\", \"format\": 1}");
    FolderKind.RUN.requireReplaceable(folder);
    Path file = Files.writeString(folder.resolve("thesis.tex"), "text");
    assertThatThrownBy(() -> FolderKind.RUN.requireReplaceable(file))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("choose another --out");
  }

  private static FolderKind kind(String id) {
    for (FolderKind kind : FolderKind.values()) {
      if (kind.id().equals(id)) {
        return kind;
      }
    }
    throw new AssertionError(id);
  }

  private void assertRefused(FolderKind kind, String message) {
    assertThatThrownBy(() -> kind.read(folder, 2, JsonNode.class))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageStartingWith(folder.toString())
        .hasMessageContaining(message);
  }

  private void write(String manifest) throws IOException {
    Files.writeString(folder.resolve(Manifest.NAME), manifest);
  }
}
