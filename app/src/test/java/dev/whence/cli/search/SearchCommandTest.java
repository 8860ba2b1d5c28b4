package dev.whence.cli.search;

import static org.assertj.core.api.Assertions.assertThat;

import dev.whence.Json;
import dev.whence.cli.Outcome;
import dev.whence.testing.Oracle;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** The index as a user makes and asks it. */
class SearchCommandTest {
  private static final String DICTIONARY =
      Path.of("..", "models", "dictionary").toAbsolutePath().normalize().toString();
  private static final Oracle ORACLE = Oracle.of("gpt2");

  @TempDir private Path folder;

  @BeforeEach
  void writeTexts() throws IOException {
    Files.writeString(
        folder.resolve("texts.jsonl"),
        """
        {"id": "dog", "text": "a domestic dog that barks"}
        {"id": "bird", "text": "a bird that sings in the garden"}
        {"id": "river", "text": "water that runs to the sea"}
        """);
  }

  @ParameterizedTest
  @ValueSource(strings = {"tokens", "words"})
  void textFindsTheSequencesThatShareItsTerms(String terms) {
    Outcome index = index(terms);
    assertThat(index.code()).as(index.err()).isZero();
    assertThat(index.out()).contains("3 sequences of 3 documents", "terms   " + terms);
    Outcome found = query("index", "domestic dog");
    assertThat(found.code()).as(found.err()).isZero();
    assertThat(found.out()).containsPattern("1 +[\\d.]+ +dog +a domestic dog that barks");
    assertThat(found.err()).doesNotContain("lucene").doesNotContain("WARN");
    List<JsonNode> lines =
        query("index", "a bird garden", "--json", "--count", "1", "--bm25", "plain")
            .out()
            .lines()
            .map(Json.MAPPER::readTree)
            .toList();
    assertThat(lines).hasSize(1);
    assertThat(lines.getFirst().path("document_id").asString()).isEqualTo("bird");
    assertThat(lines.getFirst().path("rank").asInt()).isEqualTo(1);
    assertThat(lines.getFirst().path("score").asDouble()).isPositive();
    assertThat(Outcome.of("inspect", path("index")).out()).contains("terms   " + terms);
  }

  @Test
  void textWithoutAKnownWordSaysSo() {
    index("words");
    assertThat(query("index", "zyzzyva").out()).contains("no sequence shares a term");
    assertThat(query("index", " ").out()).contains("no sequence shares a term");
  }

  @Test
  void queriesOfAFileAreAskedOfACorpusOfTokens() {
    String[] corpus = {"--corpus", ORACLE.corpus().toString(), "--cache", path("cache")};
    String model = ORACLE.model().toString();
    Outcome index = run(corpus, "search", "index", "--model", model, "--out", path("tokens"));
    assertThat(index.code()).as(index.err()).isZero();
    Outcome found =
        run(
            corpus,
            "search",
            "query",
            path("tokens"),
            "--model",
            model,
            "--queries",
            ORACLE.queries().toString(),
            "--count",
            "2");
    assertThat(found.code()).as(found.err()).isZero();
    assertThat(found.out())
        .contains("q0:", "q1:", "q2:")
        .containsPattern("2 +[\\d.]+ +d\\d+ +\\d+");
    Outcome text = run(corpus, "search", "query", path("tokens"), "dog", "--model", model);
    assertThat(text.code()).isEqualTo(2);
    assertThat(text.err()).contains("no tokenizer.json, so it can only be asked about tokens");
    Outcome words =
        run(corpus, "search", "index", "--model", model, "--out", path("w"), "--terms", "words");
    assertThat(words.code()).isEqualTo(2);
    assertThat(words.err()).contains("tokenizer.json");
  }

  @Test
  void indexOfAChangedCorpusIsRefusedUntilItIsMadeAgain() throws IOException {
    index("tokens");
    Files.writeString(folder.resolve("texts.jsonl"), "{\"text\": \"another dog\"}\n");
    Outcome stale = query("index", "dog");
    assertThat(stale.code()).isEqualTo(2);
    assertThat(stale.err())
        .contains(path("index"), "another corpus", "whence search index --force")
        .doesNotContain("\tat ");
    assertThat(index("tokens").code()).isEqualTo(2);
    assertThat(index("tokens", "--force").code()).isZero();
    assertThat(query("index", "dog").out()).contains("another dog");
  }

  @Test
  void truncatedIndexIsNamed() throws IOException {
    index("tokens");
    try (Stream<Path> files = Files.list(folder.resolve("index/segments"))) {
      Path file = files.sorted().findFirst().orElseThrow();
      Files.write(file, new byte[3]);
      Outcome damaged = query("index", "dog");
      assertThat(damaged.code()).isEqualTo(2);
      assertThat(damaged.err()).contains(file.toString(), "--force").doesNotContain("\tat ");
    }
  }

  @Test
  void mistakesAreOneSentence() {
    index("tokens");
    assertThat(query("nowhere", "dog").err())
        .contains("nowhere does not exist; make a lexical index with");
    assertThat(query("index", "dog", "--count", "0").err()).contains("--count is 0");
    assertThat(query("index", "dog", "--bm25", "best").err()).contains("'--bm25'", "MODIFIED");
    String either = "either a TEXT to look for or --queries";
    assertThat(query("index", "dog", "--queries", "q.jsonl").err()).contains(either);
    assertThat(texts(new String[0], "search", "query", path("index")).err()).contains(either);
    assertThat(Outcome.of("search").out()).contains("Example: whence search index");
    for (String command : List.of("index", "query")) {
      assertThat(Outcome.of("search", command, "--help").out())
          .contains("Example: whence search " + command);
    }
  }

  private Outcome index(String terms, String... more) {
    return texts(more, "search", "index", "--out", path("index"), "--terms", terms);
  }

  private Outcome query(String index, String text, String... more) {
    return texts(more, "search", "query", path(index), text);
  }

  private Outcome texts(String[] more, String... arguments) {
    String[] fixed = {
      "--model", DICTIONARY, "--corpus", path("texts.jsonl"), "--cache", path("cache")
    };
    return run(Stream.of(fixed, more).flatMap(Stream::of).toArray(String[]::new), arguments);
  }

  private static Outcome run(String[] last, String... first) {
    return Outcome.of(Stream.of(first, last).flatMap(Stream::of).toArray(String[]::new));
  }

  private String path(String name) {
    return folder.resolve(name).toString();
  }
}
