package dev.whence.search;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.whence.InvalidInputException;
import dev.whence.Progress;
import dev.whence.corpus.Corpus;
import dev.whence.folder.Manifest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Indexes that are damaged, of something else, or half built. */
class IndexFolderTest {
  private static final List<int[]> DOCUMENTS =
      List.of(new int[] {1, 2, 3}, new int[] {3, 4}, new int[] {5, 9});
  private static final int[] QUERY = {3};

  @TempDir private Path folder;
  private Path out = Path.of("");
  private Optional<Corpus> opened = Optional.empty();

  @BeforeEach
  void buildAnIndex() {
    out = folder.resolve("index");
    opened = Optional.of(new Library(folder).tokens("corpus", DOCUMENTS));
    build(corpus(), TermKind.TOKENS, false);
  }

  @AfterEach
  void closeTheCorpus() {
    opened.ifPresent(Corpus::close);
  }

  @Test
  void truncatedChangedAndMissingFilesAreNamed() throws IOException {
    try (Stream<Path> list = Files.list(out.resolve("segments"))) {
      List<Path> files = list.toList();
      assertThat(files).hasSizeGreaterThan(3);
      for (Path file : files) {
        byte[] whole = Files.readAllBytes(file);
        for (int length : List.of(0, whole.length / 2, whole.length - 1)) {
          Files.write(file, Arrays.copyOf(whole, length));
          assertRefused(file);
        }
        byte[] flipped = whole.clone();
        flipped[new Random(3).nextInt(whole.length)] ^= 4;
        Files.write(file, flipped);
        assertRefused(file);
        Files.delete(file);
        assertRefused(file);
        Files.write(file, whole);
      }
    }
    assertWhole(out);
  }

  private void assertRefused(Path file) {
    assertThatThrownBy(() -> open(out, corpus()))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining(file.toString())
        .hasMessageContaining("whence search index --force");
  }

  @Test
  void damagedManifestIsNamed() throws IOException {
    Path manifest = out.resolve(Manifest.NAME);
    String whole = Files.readString(manifest);
    for (String broken :
        List.of(
            "",
            "null",
            "[]",
            whole.substring(0, whole.length() / 2),
            "{\"kind\": \"index\", \"format\": 1}",
            whole.replace("\"tokens\"", "\"letters\""),
            whole.replaceFirst("\"format\" : 1", "\"format\" : 2"))) {
      Files.writeString(manifest, broken);
      assertThatThrownBy(() -> open(out, corpus()))
          .as(broken)
          .isInstanceOf(InvalidInputException.class)
          .hasMessageContaining(out.toString());
    }
    Files.delete(manifest);
    assertThatThrownBy(() -> open(out, corpus()))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("not a lexical index");
  }

  @Test
  void indexOfAnotherCorpusIsRefusedUntilItIsReplaced() {
    List<int[]> changed = List.of(new int[] {1, 2, 3}, new int[] {3, 4}, new int[] {6, 9});
    try (Corpus other = new Library(folder).tokens("corpus", changed)) {
      assertThatThrownBy(() -> open(out, other))
          .isInstanceOf(InvalidInputException.class)
          .hasMessageContaining("another corpus")
          .hasMessageContaining("whence search index --force");
      assertThatThrownBy(() -> build(other, TermKind.TOKENS, false))
          .isInstanceOf(InvalidInputException.class)
          .hasMessageContaining("--force");
      build(other, TermKind.TOKENS, true);
      try (SequenceIndex index = open(out, other)) {
        assertThat(index.best(new int[] {6}, Bm25.MODIFIED, 1)).hasSize(1);
      }
    }
  }

  @Test
  void sameIndexIsNotBuiltAgain() {
    SequenceIndex.build(
        corpus(),
        TermKind.TOKENS,
        Optional.empty(),
        out,
        false,
        (what, _, _) -> {
          throw new AssertionError("began " + what);
        });
  }

  @Test
  void interruptedBuildLeavesNoIndexAndTheNextOneIsWhole() {
    Path cut = folder.resolve("cut");
    assertThatThrownBy(() ->
            SequenceIndex.build(
                corpus(),
                TermKind.TOKENS,
                Optional.empty(),
                cut,
                new IndexBuilder(2),
                (_, _, _) ->
                    new Progress.Stage() {
                      private int done;

                      @Override
                      public void advance(long amount) {
                        done++;
                        if (done == 3) {
                          throw new IllegalStateException("power cut");
                        }
                      }
                    }))
        .hasMessage("power cut");
    assertThat(cut).doesNotExist();
    assertThat(folder.resolve("cut.partial")).exists();
    SequenceIndex.build(corpus(), TermKind.TOKENS, Optional.empty(), cut, false, Progress.NONE);
    assertWhole(cut);
    assertThat(folder.resolve("cut.partial")).doesNotExist();
  }

  @Test
  void damagedIndexInTheCacheIsMadeAgain() throws IOException {
    Path cache = folder.resolve("cache");
    cached(cache).close();
    Path place = cache.resolve("index-tokens-" + corpus().hash());
    try (Stream<Path> files = Files.list(place.resolve("segments"))) {
      Files.write(files.findFirst().orElseThrow(), new byte[] {1});
    }
    try (SequenceIndex index = cached(cache)) {
      assertThat(index.best(QUERY, Bm25.MODIFIED, 5)).hasSize(2);
    }
    assertWhole(place);
  }

  private SequenceIndex cached(Path cache) {
    return SequenceIndex.cached(corpus(), TermKind.TOKENS, Optional.empty(), cache, Progress.NONE);
  }

  @Test
  void folderOfSomethingElseIsNeverReplaced() throws IOException {
    Path other = Files.createDirectory(folder.resolve("thesis"));
    Files.writeString(other.resolve("thesis.tex"), "text");
    for (boolean force : List.of(false, true)) {
      assertThatThrownBy(() ->
              SequenceIndex.build(
                  corpus(), TermKind.TOKENS, Optional.empty(), other, force, Progress.NONE))
          .isInstanceOf(InvalidInputException.class)
          .hasMessageContaining(other.toString());
    }
    assertThat(other.resolve("thesis.tex")).hasContent("text");
  }

  private void build(Corpus corpus, TermKind kind, boolean force) {
    SequenceIndex.build(corpus, kind, Optional.empty(), out, force, Progress.NONE);
  }

  private Corpus corpus() {
    return opened.orElseThrow();
  }

  private void assertWhole(Path path) {
    try (SequenceIndex index = open(path, corpus())) {
      assertThat(index.best(QUERY, Bm25.MODIFIED, 5))
          .extracting(SequenceIndex.Match::place)
          .containsExactly(0L, 1L);
    }
  }

  private static SequenceIndex open(Path path, Corpus corpus) {
    return SequenceIndex.open(path, corpus, Optional.empty());
  }
}
