package dev.whence.corpus;

import static dev.whence.corpus.Fixtures.write;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.whence.InvalidInputException;
import dev.whence.Progress;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class CorpusCacheTest {
  private static final Tokenization TOKENIZATION = new Tokenization(Optional.empty(), 4, 1000);

  @TempDir Path folder;
  private Path file = Path.of("");
  private Path cache = Path.of("");

  /** Counts how often a corpus is tokenised rather than found. */
  private static final class Builds implements Progress {
    private int count;

    @Override
    public Stage begin(String what, long total, String unit) {
      if (what.startsWith("tokenising")) {
        count++;
      }
      return _ -> {};
    }
  }

  private final Builds builds = new Builds();

  @BeforeEach
  void writeCorpus() throws IOException {
    file =
        write(
            folder.resolve("corpus/c.jsonl"),
            "{\"tokens\": [1, 2, 3, 4, 5, 8]}\n{\"tokens\": [6, 7]}\n");
    cache = folder.resolve("deep/cache");
  }

  /** A results folder may refer to a corpus that an older version tokenised. */
  @Test
  void aCacheInTheOldSpellingIsStillRead() throws IOException {
    String hash = hash(CorpusSource.of(file), TOKENIZATION);
    Path manifest = cache.resolve(hash).resolve("corpus.json");
    JsonNode root = new JsonMapper().readTree(Files.readString(manifest));
    assertThat(root.propertyNames())
        .as("one vocabulary for all manifests")
        .allMatch(name -> name.matches("[a-z_0-9]+"));
    List<CacheManifest.CacheFile> files = new ArrayList<>();
    for (JsonNode f : root.path("files")) {
      files.add(
          new CacheManifest.CacheFile(
              f.path("name").asString(), f.path("bytes").asLong(), f.path("sha256").asString()));
    }
    CacheManifest old = new CacheManifest(1, hash, 3, 2, 0, 5, 4, files, "").withChecksum();
    Files.writeString(manifest, new JsonMapper().writeValueAsString(old));
    assertThat(Files.readString(manifest)).contains("formatVersion");
    try (Corpus corpus = Corpus.cached(hash, 4, cache).orElseThrow()) {
      assertThat(corpus.sequence(1).tokens()).containsExactly(5, 8);
    }
  }

  @Test
  void touchedFileKeepsItsCache() throws IOException {
    String hash = hash(CorpusSource.of(file), TOKENIZATION);
    Files.setLastModifiedTime(file, FileTime.fromMillis(1));
    assertThat(hash(CorpusSource.of(file), TOKENIZATION)).isEqualTo(hash);
    assertThat(builds.count).isEqualTo(1);
    assertThat(entries()).containsExactly(hash);
  }

  @Test
  void whateverTheSequencesFollowFromMakesAnotherCache() throws IOException {
    List<String> hashes = new ArrayList<>();
    var source = CorpusSource.of(file);
    hashes.add(hash(source, TOKENIZATION));
    hashes.add(hash(source, new Tokenization(Optional.empty(), 5, 1000)));
    hashes.add(hash(source, new Tokenization(Optional.empty(), 4, 1001)));
    hashes.add(hash(source.skippingMalformed(), TOKENIZATION));
    hashes.add(hash(source.withDocumentPerLine(), TOKENIZATION));
    hashes.add(hash(source.withTextColumn("content"), TOKENIZATION));
    try (Tokenizer tokenizer = Tokenizer.load(Fixtures.TOKENIZER)) {
      hashes.add(hash(source, new Tokenization(Optional.of(tokenizer), 4, 1000)));
    }
    Path renamed = Files.move(file, file.resolveSibling("d.jsonl"));
    hashes.add(hash(CorpusSource.of(renamed), TOKENIZATION));
    FileTime modified = Files.getLastModifiedTime(renamed);
    Files.writeString(renamed, Files.readString(renamed).replace('5', '7'));
    Files.setLastModifiedTime(renamed, modified); // same name, size and time; other contents
    hashes.add(hash(CorpusSource.of(renamed), TOKENIZATION));
    assertThat(hashes).doesNotHaveDuplicates();
    assertThat(builds.count).isEqualTo(hashes.size());
  }

  @Test
  void alteredOrTruncatedCacheIsBuiltAgain() throws IOException {
    String hash = hash(CorpusSource.of(file), TOKENIZATION);
    int expected = 1;
    for (Path part : files(cache.resolve(hash))) {
      byte[] whole = Files.readAllBytes(part);
      byte[] altered = whole.clone();
      altered[whole.length - 3] ^= 1;
      for (byte[] bytes : List.of(altered, Arrays.copyOf(whole, whole.length - 1), new byte[0])) {
        Files.write(part, bytes);
        assertThat(hash(CorpusSource.of(file), TOKENIZATION)).isEqualTo(hash);
        expected++;
        assertThat(builds.count).as("%s, %d bytes", part, bytes.length).isEqualTo(expected);
        assertThat(Files.readAllBytes(part)).isEqualTo(whole);
      }
      Files.delete(part);
      assertThat(hash(CorpusSource.of(file), TOKENIZATION)).isEqualTo(hash);
      expected++;
    }
    assertThat(builds.count).isEqualTo(expected);
    assertThat(entries()).containsExactly(hash);
  }

  @Test
  void editedCountsAreNotTrusted() throws IOException {
    String hash = hash(CorpusSource.of(file), TOKENIZATION);
    Path manifest = cache.resolve(hash).resolve("corpus.json");
    String json = Files.readString(manifest);
    Files.writeString(manifest, json.replaceFirst("\"documents\" : 2", "\"documents\" : 3"));
    assertThat(Files.readString(manifest)).isNotEqualTo(json);
    hash(CorpusSource.of(file), TOKENIZATION);
    assertThat(Files.readString(manifest)).isEqualTo(json);
  }

  @Test
  void manifestThatIsNoManifestIsBuiltAgain() throws IOException {
    String hash = hash(CorpusSource.of(file), TOKENIZATION);
    Path manifest = cache.resolve(hash).resolve("corpus.json");
    String json = Files.readString(manifest);
    for (String other : List.of("null", "{}", "[1]", "nonsense", "[".repeat(100_000))) {
      Files.writeString(manifest, other);
      hash(CorpusSource.of(file), TOKENIZATION);
      assertThat(Files.readString(manifest)).isEqualTo(json);
    }
  }

  @Test
  void leftoversOfAKilledBuildAreHarmless() throws IOException {
    String hash = hash(CorpusSource.of(file), TOKENIZATION);
    Files.move(cache.resolve(hash), cache.resolve("." + hash + "-killed"));
    Files.delete(cache.resolve("." + hash + "-killed/corpus.json"));
    assertThat(hash(CorpusSource.of(file), TOKENIZATION)).isEqualTo(hash);
    assertThat(builds.count).isEqualTo(2);
  }

  @Test
  void buildsAtOnceAllSucceed() throws Exception {
    int processes = 8;
    for (boolean damaged : new boolean[] {false, true}) {
      if (damaged) {
        Files.write(files(cache.resolve(entries().getFirst())).getFirst(), new byte[0]);
      }
      var together = new CyclicBarrier(processes);
      Callable<String> build =
          () -> {
            Progress atOnce =
                (what, _, _) -> {
                  if (what.startsWith("tokenising")) {
                    await(together);
                  }
                  return _ -> {};
                };
            try (Corpus corpus = Corpus.open(CorpusSource.of(file), TOKENIZATION, cache, atOnce)) {
              assertThat(corpus.sequence(1).tokens()).containsExactly(5, 8);
              return corpus.hash();
            }
          };
      try (var threads = Executors.newFixedThreadPool(processes)) {
        List<Future<String>> results = new ArrayList<>();
        for (int i = 0; i < processes; i++) {
          results.add(threads.submit(build));
        }
        for (Future<String> result : results) {
          String hash = result.get();
          assertThat(entries()).contains(hash);
        }
      }
      assertThat(entries()).hasSize(1);
    }
  }

  private static void await(CyclicBarrier barrier) {
    try {
      barrier.await();
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void fileThatChangesWhileItIsReadIsRefused() throws IOException {
    Progress editing =
        (what, _, _) -> {
          if (what.startsWith("tokenising")) {
            try {
              Files.writeString(file, "{\"tokens\": [7]}\n");
            } catch (IOException e) {
              throw new UncheckedIOException(e);
            }
          }
          return _ -> {};
        };
    assertThatThrownBy(() -> Corpus.open(CorpusSource.of(file), TOKENIZATION, cache, editing))
        .isInstanceOf(InvalidInputException.class)
        .message()
        .contains(file.toString(), "changed while it was read");
    assertThat(entries()).isEmpty();
  }

  @Test
  void unwritableFolderIsNamed() throws IOException {
    Path blocked = write(folder.resolve("blocked"), "a file where the folder should be");
    assertThatThrownBy(
            () -> Corpus.open(CorpusSource.of(file), TOKENIZATION, blocked, Progress.NONE))
        .isInstanceOf(UncheckedIOException.class)
        .hasMessageContaining(blocked.toString());
  }

  private String hash(CorpusSource source, Tokenization tokenization) {
    try (Corpus corpus = Corpus.open(source, tokenization, cache, builds)) {
      assertThat(corpus.size()).isBetween(2L, 3L);
      return corpus.hash();
    }
  }

  private List<String> entries() throws IOException {
    return files(cache).stream()
        .map(FileFormat::nameOf)
        .filter(name -> !name.endsWith("-killed") && !name.equals(".lock"))
        .toList();
  }

  private static List<Path> files(Path folder) throws IOException {
    try (var paths = Files.list(folder)) {
      return paths.toList();
    }
  }
}
