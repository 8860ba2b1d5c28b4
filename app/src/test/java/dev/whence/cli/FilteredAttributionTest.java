package dev.whence.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.whence.Json;
import dev.whence.tensor.SafetensorsFile;
import dev.whence.tensor.Scope;
import dev.whence.testing.Oracle;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** {@code attribute --candidates}, and its evaluation, on a golden folder. */
class FilteredAttributionTest {
  private static final Oracle ORACLE = Oracle.of("gpt2");
  private static final List<String> QUERIES = List.of("q0", "q1", "q2");

  @TempDir private Path folder;

  @BeforeEach
  void fit() {
    Outcome fit =
        whence(
            "fit",
            ORACLE.model().toString(),
            "--out",
            path("run"),
            "--sequence-length",
            "32",
            "--dtype",
            "float64");
    assertThat(fit.code()).as(fit.err()).isZero();
  }

  @Test
  void eachQueryIsToldOfWhatTheIndexFindsForIt() {
    index();
    assertSucceeds(attribute("results", "--candidates", "5"));
    assertSucceeds(attribute("union", "--candidates", "5", "--report-union"));
    Set<String> union = new TreeSet<>();
    for (String query : QUERIES) {
      Set<String> best = best(query, 5);
      assertThat(best).hasSize(5);
      assertThat(reported("results", query)).isEqualTo(best);
      union.addAll(best);
    }
    for (String query : QUERIES) {
      assertThat(reported("union", query)).isEqualTo(union);
    }
  }

  @Test
  void scoresOfTheUnionAreThoseOfAScanOfEverything() {
    assertSucceeds(attribute("all", "--all-scores"));
    Outcome some = attribute("some", "--all-scores", "--candidates", "7");
    assertSucceeds(some);
    assertThat(some.out()).contains("60 sequences of 60 documents, of which ", "candidates 7");
    try (Scope _ = Scope.open();
        SafetensorsFile all = SafetensorsFile.open(folder.resolve("all/scores.safetensors"));
        SafetensorsFile file = SafetensorsFile.open(folder.resolve("some/scores.safetensors"))) {
      assertThat(all.names()).doesNotContain("sequence");
      double[] expected = all.tensor("influence").toDoubles();
      double[] actual = file.tensor("influence").toDoubles();
      long[] sequences = file.tensor("sequence").toLongs();
      assertThat(sequences).isSorted().hasSizeBetween(7, 21);
      assertThat(actual).hasSize(3 * sequences.length);
      for (int q = 0; q < 3; q++) {
        for (int c = 0; c < sequences.length; c++) {
          double exact = expected[q * 60 + (int) sequences[c]];
          assertThat(actual[q * sequences.length + c])
              .isCloseTo(exact, org.assertj.core.data.Offset.offset(1e-9 * Math.abs(exact)));
        }
      }
    }
  }

  @Test
  void resultsOfAnotherFilterAreStale() {
    assertSucceeds(attribute("results", "--candidates", "5"));
    assertSucceeds(attribute("results", "--candidates", "5"));
    for (String[] other :
        List.of(
            new String[] {},
            new String[] {"--candidates", "6"},
            new String[] {"--candidates", "5", "--bm25", "plain"},
            new String[] {"--candidates", "5", "--report-union"})) {
      Outcome stale = attribute("results", other);
      assertThat(stale.code()).isEqualTo(2);
      assertThat(stale.err()).contains("--force");
    }
  }

  @Test
  void indexIsMadeOnceAndADamagedOneIsMadeAgain() throws IOException {
    assertSucceeds(attribute("first", "--candidates", "5"));
    Path index;
    try (Stream<Path> cached = Files.list(folder.resolve("cache"))) {
      index =
          cached
              .filter(f -> f.getFileName().toString().startsWith("index-tokens-"))
              .findFirst()
              .orElseThrow();
    }
    String made = Files.readString(index.resolve("manifest.json"));
    assertSucceeds(attribute("second", "--candidates", "6"));
    assertThat(index.resolve("manifest.json")).hasContent(made);
    try (Stream<Path> files = Files.list(index.resolve("segments"))) {
      Files.delete(files.findFirst().orElseThrow());
    }
    assertSucceeds(attribute("third", "--candidates", "7"));
  }

  @Test
  void ownIndexIsUsedAndRefusedWhenItIsOfAnotherCut() {
    index();
    assertSucceeds(attribute("results", "--candidates", "5", "--index", path("index")));
    try (Stream<Path> cached = Files.list(folder.resolve("cache"))) {
      assertThat(cached).noneMatch(f -> f.getFileName().toString().startsWith("index-"));
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
    assertSucceeds(
        whence(
            "search",
            "index",
            "--model",
            ORACLE.model().toString(),
            "--out",
            path("short"),
            "--sequence-length",
            "10"));
    Outcome other = attribute("other", "--candidates", "5", "--index", path("short"));
    assertThat(other.code()).isEqualTo(2);
    assertThat(other.err()).contains(path("short"), "10 there, 32 here");
  }

  @Test
  void contradictionsAreMistakes() {
    index();
    assertMistake("need --candidates N", "--bm25", "plain");
    assertMistake("need --candidates N", "--report-union");
    assertMistake("need --candidates N", "--candidates", "0", "--index", path("index"));
    assertMistake("at least 1", "--candidates", "-3");
    assertMistake("tokenizer.json", "--candidates", "3", "--candidate-terms", "words");
    assertMistake(
        "is over tokens, not words",
        "--candidates",
        "3",
        "--index",
        path("index"),
        "--candidate-terms",
        "words");
    assertMistake(
        "make a lexical index with",
        "--candidates",
        "3",
        "--index",
        folder.resolve("run.x").toString());
    Outcome without =
        whence(
            "attribute", path("run"), "--out", path("d"), "--self-influence", "--candidates", "3");
    assertThat(without.err()).contains("--candidates needs --queries");
  }

  private void assertMistake(String message, String... options) {
    Outcome outcome = attribute("d", options);
    assertThat(outcome.code()).as(outcome.err()).isEqualTo(2);
    assertThat(outcome.err()).contains(message).doesNotContain("\tat ");
    assertThat(folder.resolve("d")).doesNotExist();
  }

  @Test
  void queryThatSharesNothingIsToldOfNothingAndTheUserOfThat() throws IOException {
    Path queries = folder.resolve("queries.jsonl");
    Path corpus = folder.resolve("corpus.jsonl");
    Files.writeString(
        queries,
        """
        {"id": "known", "prompt_tokens": [1], "completion_tokens": [2, 3]}
        {"id": "unknown", "prompt_tokens": [8], "completion_tokens": [9]}
        """);
    Files.writeString(
        corpus,
        """
        {"id": "a", "tokens": [2, 4, 5, 6]}
        {"id": "b", "tokens": [4, 5, 6, 7]}
        """);
    Outcome outcome =
        Outcome.of(
            "attribute",
            path("run"),
            "--queries",
            queries.toString(),
            "--out",
            path("results"),
            "--candidates",
            "5",
            "--cache",
            path("cache"),
            "--corpus",
            corpus.toString());
    assertSucceeds(outcome);
    assertThat(outcome.err()).contains("query 'unknown' shares no tokens with the corpus");
    assertThat(reported("results", "known")).containsExactly("a");
    assertThat(reported("results", "unknown")).isEmpty();
  }

  @Test
  void evaluationOfTheFilterPrintsSharesAndTimes() throws IOException {
    Path json = folder.resolve("filter.json");
    Outcome outcome =
        whence(
            "evaluate",
            "filter",
            path("run"),
            "--queries",
            ORACLE.queries().toString(),
            "--candidates",
            "5,60",
            "--json",
            json.toString());
    assertSucceeds(outcome);
    assertThat(outcome.out())
        .contains("3 queries, 60 sequences, ekfac", "| tokens | plain | 60 |", "| all | 60 | - |")
        .doesNotContain("| words |");
    JsonNode file = Json.MAPPER.readTree(Files.readAllBytes(json));
    assertThat(file.path("arguments").toString()).contains("--candidates");
    JsonNode report = file.path("results").path(0);
    assertThat(report.path("curvature").asString()).isEqualTo("ekfac");
    assertThat(report.path("kept").size()).isEqualTo(4);
    assertThat(report.path("timings").size()).isEqualTo(2);
    double few = report.path("kept").get(0).path("top10").path("mean").asDouble();
    double many = report.path("kept").get(1).path("top10").path("mean").asDouble();
    assertThat(Outcome.of("evaluate", "filter", "--help").out())
        .contains("Example: whence evaluate filter");
    assertThat(few).isBetween(0.0, 0.5);
    assertThat(many).isBetween(few, 1.0);
    assertThat(report.path("kept").get(0).path("by_query").path("top100").size()).isEqualTo(3);
  }

  private void index() {
    assertSucceeds(
        whence(
            "search",
            "index",
            "--model",
            ORACLE.model().toString(),
            "--out",
            path("index"),
            "--sequence-length",
            "32"));
  }

  private Set<String> best(String query, int count) {
    Outcome found =
        whence(
            "search",
            "query",
            path("index"),
            "--model",
            ORACLE.model().toString(),
            "--queries",
            ORACLE.queries().toString(),
            "--count",
            "" + count,
            "--json");
    assertSucceeds(found);
    return documents(found, query);
  }

  private Set<String> reported(String results, String query) {
    return documents(Outcome.of("top", path(results), "--json", "--count", "100"), query);
  }

  private static Set<String> documents(Outcome json, String query) {
    return json.out()
        .lines()
        .map(Json.MAPPER::readTree)
        .filter(line -> line.path("query_id").asString().equals(query))
        .map(line -> line.path("document_id").asString())
        .collect(Collectors.toCollection(TreeSet::new));
  }

  private Outcome attribute(String out, String... more) {
    String[] fixed = {
      "attribute", path("run"), "--queries", ORACLE.queries().toString(), "--out", path(out)
    };
    return whence(Stream.of(fixed, more).flatMap(Stream::of).toArray(String[]::new));
  }

  private Outcome whence(String... arguments) {
    String[] corpus = {"--cache", path("cache"), "--corpus", ORACLE.corpus().toString()};
    return Outcome.of(Stream.of(arguments, corpus).flatMap(Stream::of).toArray(String[]::new));
  }

  private static void assertSucceeds(Outcome outcome) {
    assertThat(outcome.code()).as(outcome.err()).isZero();
  }

  private String path(String name) {
    return folder.resolve(name).toString();
  }
}
