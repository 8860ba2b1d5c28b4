package dev.whence.corpus;

import static dev.whence.corpus.Fixtures.write;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.whence.InvalidInputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CorpusFileTest {
  @TempDir Path folder;

  @Test
  void foldersGiveTheirSupportedFilesInOrderWithoutHiddenOnes() throws IOException {
    for (String name :
        List.of(
            "b.jsonl",
            "a/z.TXT.GZ",
            "a/y.parquet",
            "c.json.zst",
            "README.md",
            ".d.jsonl",
            "a/.git/e.txt")) {
      write(folder.resolve(name), "");
    }
    assertThat(names(CorpusSource.of(folder)))
        .containsExactly("y.parquet", "z.TXT.GZ", "b.jsonl", "c.json.zst");
  }

  @Test
  void filesThatAreCalledAsOursAreAreDocuments() throws IOException {
    write(folder.resolve("en/corpus.json"), "{\"text\": \"a\"}");
    write(folder.resolve("de/manifest.json"), "{\"kind\": \"text\", \"format\": 1}");
    write(folder.resolve("de/a.txt"), "");
    assertThat(names(CorpusSource.of(folder)))
        .containsExactly("a.txt", "manifest.json", "corpus.json");
  }

  @Test
  void hiddenFolderThatIsGivenIsNotHidden() throws IOException {
    write(folder.resolve(".cache/b.jsonl"), "");
    assertThat(names(CorpusSource.of(folder.resolve(".cache")))).containsExactly("b.jsonl");
  }

  @Test
  void filesOfOneNameAreToldApart() throws IOException {
    write(folder.resolve("one/a/x.txt"), "");
    write(folder.resolve("one/b/x.txt"), "");
    write(folder.resolve("one/b/y.txt"), "");
    assertThat(names(CorpusSource.of(folder.resolve("one"))))
        .containsExactly("a/x.txt", "b/x.txt", "y.txt");
    write(folder.resolve("two/a/x.txt"), "");
    assertThat(names(CorpusSource.of(folder.resolve("one"), folder.resolve("two"))))
        .containsExactly(
            folder.resolve("one/a/x.txt").toString(),
            "b/x.txt",
            "y.txt",
            folder.resolve("two/a/x.txt").toString());
  }

  @Test
  void whatCannotBeReadIsRefusedWithTheRemedy() throws IOException {
    Path markdown = write(folder.resolve("notes.md"), "");
    refused(CorpusSource.of(markdown), "notes.md", ".parquet");
    refused(CorpusSource.of(folder), folder.toString(), ".jsonl");
    refused(CorpusSource.of(), "No corpus file");
    refused(CorpusSource.of(folder.resolve("gone.jsonl")), "gone.jsonl", "does not exist");
    Path file = write(folder.resolve("a.jsonl"), "");
    refused(CorpusSource.of(folder, file), "a.jsonl", "given twice");
  }

  @Test
  void loopOfLinksEnds() throws IOException {
    write(folder.resolve("a.jsonl"), "");
    Files.createSymbolicLink(folder.resolve("loop"), folder);
    refused(CorpusSource.of(folder), "cannot be listed");
  }

  private static void refused(CorpusSource source, String... parts) {
    assertThatThrownBy(() -> CorpusFile.in(source))
        .isInstanceOf(InvalidInputException.class)
        .message()
        .contains(parts);
  }

  private static List<String> names(CorpusSource source) {
    return CorpusFile.in(source).stream().map(CorpusFile::name).toList();
  }
}
