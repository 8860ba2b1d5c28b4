package dev.whence.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.whence.results.ResultsFolder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Small inputs after public reports, each of which once failed or gave other numbers than it
 * should: what the command line makes of them. Each is in the folder of its number among the
 * resources.
 */
class CasesTest {
  @TempDir private Path folder;

  private Path cases = Path.of("");
  private Path model = Path.of("");

  @BeforeEach
  void copy() throws IOException, URISyntaxException {
    Path source =
        Objects.requireNonNull(
            Path.of(Objects.requireNonNull(CasesTest.class.getResource("/cases/model")).toURI())
                .getParent());
    cases = folder.resolve("cases");
    try (Stream<Path> files = Files.walk(source)) {
      for (Path file : files.toList()) {
        Path target = cases.resolve(source.relativize(file).toString());
        if (Files.isDirectory(file)) {
          Files.createDirectories(target);
        } else {
          Files.copy(file, target);
        }
      }
    }
    model = cases.resolve("model");
  }

  private Path at(String place) {
    String number = place.substring(0, 2);
    try (Stream<Path> entries = Files.list(cases)) {
      Path folderOfCase =
          entries
              .filter(p -> p.getFileName().toString().startsWith(number))
              .findFirst()
              .orElseThrow();
      return folderOfCase.resolve(place.substring(2).replaceFirst("^/", ""));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private Outcome fit(Path checkpoint, String... corpus) {
    List<String> words = new ArrayList<>(List.of("fit", checkpoint.toString(), "--corpus"));
    words.addAll(List.of(corpus));
    words.addAll(List.of("--out", folder.resolve("run").toString()));
    words.addAll(List.of("--curvature", "identity", "--cache", folder.resolve("cache").toString()));
    return Outcome.of(words.toArray(String[]::new));
  }

  private Outcome attribute(Path queries, Path corpus) {
    return Outcome.of(
        "attribute",
        folder.resolve("run").toString(),
        "--queries",
        queries.toString(),
        "--corpus",
        corpus.toString(),
        "--curvature",
        "identity",
        "--dtype",
        "float64",
        "--out",
        folder.resolve("results").toString(),
        "--cache",
        folder.resolve("cache").toString());
  }

  private static void done(Outcome outcome) {
    assertThat(outcome.code()).as(outcome.err()).isZero();
  }

  private static void refused(Outcome outcome, String... parts) {
    assertThat(outcome.code()).as(outcome.err()).isEqualTo(2);
    assertThat(outcome.err())
        .contains(parts)
        .doesNotContain("Exception", "StreamRead", "JsonRead", "null", "may be a bug");
  }

  /** 01 and 02: what transformers 5 computes of these checkpoints. */
  @ParameterizedTest
  @CsvSource({"01, -68.5728, -65.7651", "02, -72.5564, -67.3215"})
  void theModelIsTheOneThatTransformersLoads(String number, double first, double second) {
    done(fit(at(number + "/model"), at(number + "/corpus.jsonl").toString()));
    done(attribute(at(number + "/queries.jsonl"), at(number + "/corpus.jsonl")));
    List<ResultsFolder.StoredQuery> queries =
        ResultsFolder.open(folder.resolve("results")).queries();
    assertThat(queries.get(0).logProbability()).isCloseTo(first, within(1e-4));
    assertThat(queries.get(1).logProbability()).isCloseTo(second, within(1e-4));
  }

  @ParameterizedTest
  @ValueSource(strings = {"03/model", "05/model", "05/omits"})
  void checkpointsThatHaveWhatTheModelNeedsAreRead(String place) {
    done(fit(at(place), at(place.substring(0, 2) + "/corpus.jsonl").toString()));
  }

  @ParameterizedTest
  @CsvSource({
    "06/long28.jsonl.zst",
    "09/ok.jsonl",
    "09/nan.jsonl",
    "09/dup.jsonl",
    "09/tokens.jsonl"
  })
  void corporaThatSayWhatTheirTextIsAreRead(String file) {
    done(fit(model, at(file).toString()));
  }

  @Test
  void aByteOrderMarkIsNoPartOfAQuery() {
    done(fit(model, at("07/c.jsonl").toString()));
    done(attribute(at("07/bom.jsonl"), at("07/c.jsonl")));
    assertThat(ResultsFolder.open(folder.resolve("results")).queries().getFirst().id())
        .isEqualTo("q");
  }

  @Test
  void whatIsNotAskedForInAQueryMayBeAnything() {
    done(fit(model, at("09/ok.jsonl").toString()));
    done(attribute(at("09/q2.jsonl"), at("09/ok.jsonl")));
  }

  @Test
  void columnsThatDifferByCaseAreToldApart() {
    Outcome outcome = fit(model, at("08/text.parquet").toString());
    if (outcome.code() != 0) {
      refused(outcome, "text.parquet has neither the column \"text\"");
      assertThat(outcome.err()).as("no invented name").doesNotContain("_1");
    }
  }

  @Test
  void quantisedWeightsAreRefusedByTheNameOfTheirSetting() {
    refused(
        fit(at("10/fp8"), at("10/corpus.jsonl").toString()),
        "config.json has a quantization_config (fp8): its weights are quantised");
  }

  @Test
  void pointersOfGitLfsAreCalledThat() {
    refused(
        fit(at("11/weights"), at("11/c.jsonl").toString()),
        "model.safetensors is a Git LFS pointer, not the file itself; fetch it with 'git lfs pull'");
    refused(fit(model, at("11/y.jsonl.gz").toString()), "y.jsonl.gz is a Git LFS pointer");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "config.json",
        "tokenizer.json",
        "model.safetensors.index.json",
        "q.jsonl",
        "c.parquet"
      })
  void anyFileMayBeAPointer(String name) throws IOException {
    done(fit(model, at("11/c.jsonl").toString()));
    Path broken = model.resolve(name);
    if (name.endsWith("index.json")) {
      Files.delete(model.resolve("model.safetensors"));
    }
    Files.writeString(broken, "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n");
    Outcome outcome =
        switch (name) {
          case "q.jsonl" -> attribute(broken, at("11/c.jsonl"));
          case "c.parquet" -> fit(model, broken.toString());
          default -> fit(model, at("11/c.jsonl").toString());
        };
    refused(outcome, name + " is a Git LFS pointer");
  }

  @Test
  void tokensAreReadFromTheColumnThatIsNamed() {
    refused(
        fit(model, at("13/x.jsonl").toString()),
        "\"input_ids\", \"attention_mask\", \"labels\"",
        "--token-column");
    done(fit(model, at("13/x.jsonl").toString(), "--token-column", "input_ids"));
  }

  @Test
  void theSameFileByALinkIsGivenTwice() throws IOException {
    Path link = at("17/link.jsonl");
    Files.delete(link);
    Files.createSymbolicLink(link, Path.of("f.jsonl"));
    refused(fit(model, at("17/f.jsonl").toString(), link.toString()), "is given twice", "link");
    refused(fit(model, at("17").toString()), "is given twice");
  }

  @Test
  void outputIsNotPutIntoTheCorpusAndWhatWhenceWroteIsNotRead() throws IOException {
    Path data = at("18/data");
    Path inside = data.resolve("deep").resolve("run");
    refused(
        Outcome.of(
            "fit",
            model.toString(),
            "--corpus",
            data.toString(),
            "--out",
            inside.toString(),
            "--curvature",
            "identity"),
        inside + " is inside the corpus folder " + data);
    assertThat(data).isDirectoryNotContaining("glob:**deep");
    done(fit(model, data.toString()));
    // As an older version left it.
    Files.move(folder.resolve("run"), data.resolve("run"));
    Files.writeString(
        data.resolve("run/notes.jsonl"), "{\"id\": \"x\", \"text\": \"not a document\"}\n");
    Outcome again = fit(model, data.toString());
    done(again);
    assertThat(again.out()).contains("2 documents");
  }

  @Test
  void halfACharacterInAQueryIsNamedByItsLine() {
    done(fit(model, at("20/c.jsonl").toString()));
    refused(attribute(at("20/qs.jsonl"), at("20/c.jsonl")), "qs.jsonl line 2: ", "surrogate");
  }

  @Test
  void oneRuleForIds() {
    done(fit(model, at("21/c.jsonl").toString()));
    refused(attribute(at("21/ids.jsonl"), at("21/c.jsonl")), "ids.jsonl line 3: \"id\" is a list");
  }

  @Test
  void aTokenizerThatKnowsMoreThanTheModelIsFineUntilSuchATokenOccurs() throws IOException {
    done(fit(at("29/small"), at("29/c.jsonl").toString()));
    Path beyond =
        Files.writeString(
            folder.resolve("beyond.jsonl"),
            "{\"id\": \"a\", \"text\": \"hello\"}\n{\"id\": \"b\", \"text\": \"hello <|extra|>\"}\n");
    refused(
        fit(at("29/small"), beyond.toString()),
        "beyond.jsonl:2: token id 399 is outside the model's vocabulary of 399");
  }

  @Test
  void emptyCompressedFilesAndUnreadableOnesAreSaidInWords() throws IOException {
    Path empty = Files.createFile(folder.resolve("e.jsonl.gz"));
    refused(fit(model, empty.toString()), "e.jsonl.gz is damaged or cut short (it ends too early)");
  }
}
