package dev.whence.cli.index;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.whence.Json;
import dev.whence.cli.Outcome;
import dev.whence.web.SmallDictionary;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** {@code whence index}, and what other commands do with an index, on some dictionary entries. */
class IndexCommandTest {
  private static final String[] QUESTION = {
    "--prompt", "dog, domestic dog:", "--completion", " a member of the genus Canis"
  };

  @TempDir private Path folder;
  private SmallDictionary dictionary = new SmallDictionary(Path.of(""));

  @BeforeEach
  void shared() throws IOException {
    dictionary = SmallDictionary.shared();
  }

  @Test
  void estimatesSayThatTheyAreAndExactInfluencesAreThoseOfTheScan() {
    Outcome shown = query(QUESTION);
    assertThat(shown.out()).contains("(estimates)", "raised most by", "~");
    assertThat(query("--prompt", "- dog:", "--completion", "-a dog", "--count", "1").code())
        .isZero();
    List<JsonNode> estimates = hits(query(with(QUESTION, "--json", "--count", "5")));
    assertThat(estimates).allMatch(hit -> !hit.get("exact").asBoolean());
    assertThat(estimates.getFirst().get("rank").asInt()).isEqualTo(1);
    assertThat(estimates.getFirst().get("completion_token").isNull()).isTrue();

    // Of so small a corpus everything is computed that shares a token with the question.
    List<JsonNode> exact =
        hits(query(with(QUESTION, "--json", "--rerank", "1000", "--count", "10")));
    assertThat(exact).allMatch(hit -> hit.get("exact").asBoolean());
    Map<Long, Double> scanned = scan();
    for (JsonNode hit : exact) {
      double expected = scanned.getOrDefault(hit.get("sequence").asLong(), Double.NaN);
      assertThat(hit.get("influence").asDouble())
          .isCloseTo(expected, within(1e-4 * Math.abs(expected)));
    }
    assertThat(exact.getFirst().get("influence").asDouble())
        .isCloseTo(scanned.values().stream().mapToDouble(x -> x).max().orElseThrow(), within(1.0));
  }

  private Map<Long, Double> scan() {
    Path queries = folder.resolve("queries.jsonl");
    write(
        queries,
        "{\"id\": \"q\", \"prompt\": \"dog, domestic dog:\", \"completion\": \" a member of the genus Canis\"}");
    succeed(
        "attribute",
        dictionary.path("run"),
        "--queries",
        queries.toString(),
        "--corpus",
        dictionary.path("dictionary.jsonl"),
        "--top",
        "1000",
        "--out",
        folder.resolve("scan").toString(),
        "--cache",
        dictionary.cache().toString());
    Map<Long, Double> influences = new HashMap<>();
    try (var connection = java.sql.DriverManager.getConnection("jdbc:duckdb:");
        var statement = connection.createStatement();
        var rows =
            statement.executeQuery(
                "SELECT sequence, influence FROM read_parquet('%s')"
                    .formatted(folder.resolve("scan/influences.parquet")))) {
      while (rows.next()) {
        influences.put(rows.getLong(1), rows.getDouble(2));
      }
      return influences;
    } catch (java.sql.SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void eachTokenOfTheCompletionHasItsOwn() {
    List<JsonNode> hits = hits(query(with(QUESTION, "--json", "--by-token", "--count", "3")));
    assertThat(hits)
        .extracting(
            hit -> hit.get("completion_token").isNull() ? -1 : hit.get("completion_token").asInt())
        .contains(-1, 0, 1, 2);
  }

  @Test
  void attributeScoresWhatTheIndexFindsAndKeepsTheTokensOfTheCompletion() throws IOException {
    Path queries = Path.of("..", "models", "dictionary", "queries.jsonl").toAbsolutePath();
    String[] attribute = {
      "attribute",
      dictionary.path("run"),
      "--queries",
      queries.toString(),
      "--corpus",
      dictionary.path("dictionary.jsonl"),
      "--index",
      dictionary.path("index"),
      "--out",
      folder.resolve("results").toString(),
      "--cache",
      dictionary.cache().toString()
    };
    assertThat(Outcome.of(attribute))
        .matches(o -> o.code() == 2)
        .extracting(Outcome::err)
        .asString()
        .contains("say with --rerank N");
    assertThat(Outcome.of(with(attribute, "--rerank", "5", "--candidates", "5")).err())
        .contains("--candidates, --bm25 and --candidate-terms are for a lexical index");
    Outcome done = succeed(with(attribute, "--rerank", "5", "--by-token"));
    assertThat(done.out()).contains("of which ", "rerank 5", "by-token true");
    Outcome top =
        succeed("top", folder.resolve("results").toString(), "--by-token", "--count", "1");
    assertThat(top.out()).contains("log p = ", "raised most by");
    String json =
        succeed("top", folder.resolve("results").toString(), "--by-token", "--json").out();
    assertThat(json).contains("\"completion_token\":null").contains("\"completion_token\":0");
  }

  @Test
  void lexicalIndexIsNoInfluenceIndex() {
    String lexical = folder.resolve("lexical").toString();
    succeed(
        "search",
        "index",
        "--corpus",
        dictionary.path("dictionary.jsonl"),
        "--model",
        Path.of("..", "models", "dictionary").toString(),
        "--sequence-length",
        "32",
        "--out",
        lexical,
        "--cache",
        dictionary.cache().toString());
    Outcome refused =
        Outcome.of(
            "attribute",
            dictionary.path("run"),
            "--queries",
            Path.of("..", "models", "dictionary", "queries.jsonl").toString(),
            "--corpus",
            dictionary.path("dictionary.jsonl"),
            "--index",
            lexical,
            "--rerank",
            "5",
            "--out",
            folder.resolve("results").toString(),
            "--cache",
            dictionary.cache().toString());
    assertThat(refused.code()).isEqualTo(2);
    assertThat(refused.err()).contains("--rerank needs an influence index");
    assertThat(Outcome.of(with(new String[] {"index", "query", lexical}, QUESTION)).err())
        .contains("is a lexical index, not an influence index");
  }

  @Test
  void inspectSaysWhatItHoldsAndHowMuchItFinds() {
    assertThat(succeed("inspect", dictionary.path("index")).out())
        .contains("influence index", "bytes a sequence", "raise a query most");
  }

  @Test
  void impossibleSizesAreRefusedInWords() {
    for (String[] size :
        new String[][] {
          {"--components", "241", "even number"},
          {"--components", "some", "'all' or an even number"},
          {"--bits", "3", "1, 2, 4 or 8"},
          {"--recall-queries", "-1", "at least 0"}
        }) {
      Outcome refused =
          Outcome.of(
              "index",
              "build",
              dictionary.path("run"),
              "--corpus",
              dictionary.path("dictionary.jsonl"),
              "--out",
              folder.resolve("index").toString(),
              size[0],
              size[1]);
      assertThat(refused.code()).as(String.join(" ", size)).isEqualTo(2);
      assertThat(refused.err()).contains(size[2]);
      assertThat(folder.resolve("index")).doesNotExist();
    }
    assertThat(query("--prompt", "dog").err()).contains("give either --prompt and --completion");
    assertThat(query(with(QUESTION, "--count", "0")).err()).contains("at least 1");
  }

  private Outcome query(String... arguments) {
    List<String> words = new ArrayList<>(List.of("index", "query", dictionary.path("index")));
    words.addAll(List.of(arguments));
    words.addAll(List.of("--cache", dictionary.cache().toString()));
    return Outcome.of(words.toArray(String[]::new));
  }

  private static List<JsonNode> hits(Outcome outcome) {
    assertThat(outcome.code()).as(outcome.err()).isZero();
    return outcome
        .out()
        .lines()
        .filter(line -> line.startsWith("{"))
        .map(Json.MAPPER::readTree)
        .toList();
  }

  private static String[] with(String[] words, String... more) {
    List<String> all = new ArrayList<>(List.of(words));
    all.addAll(List.of(more));
    return all.toArray(String[]::new);
  }

  private static Outcome succeed(String... arguments) {
    Outcome outcome = Outcome.of(arguments);
    assertThat(outcome.code()).as(outcome.err()).isZero();
    return outcome;
  }

  private static void write(Path file, String text) {
    try {
      Files.writeString(file, text);
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }
}
