package dev.whence.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.whence.testing.Oracle;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Input that is tiny, huge, empty or garbage: it works, or one sentence says why not. */
class ExtremesTest {
  private static final Oracle ORACLE = Oracle.of("llama");

  /** A gigabyte with the profile "faults"; enough otherwise to fill every buffer. */
  private static final int GARBAGE_MEGABYTES = Integer.getInteger("whence.test.garbage", 100);

  private static final String SHORT = "{\"tokens\": [1, 2, 3, 4, 5]}";

  @TempDir private Path folder;

  @Test
  void oneTokenAndAHundredThousandInOneCorpus() throws IOException {
    String many =
        IntStream.range(0, 100_000).mapToObj(i -> "" + i % 50).collect(Collectors.joining(","));
    Path corpus = write("corpus.jsonl", "{\"tokens\": [7]}", "{\"tokens\": [" + many + "]}");
    assertThat(fit(corpus, "--sequence-length", "64").code()).isZero();
    Outcome scored = attribute(corpus, write("queries.jsonl", query("q", "1, 2", "3")));
    assertThat(scored.code()).as(scored.err()).isZero();
    assertThat(top("q").out()).contains("q");
  }

  @Test
  void tenThousandQueries() throws IOException {
    Path corpus = write("corpus.jsonl", SHORT, "{\"tokens\": [5, 4, 3, 2, 1]}");
    assertThat(fit(corpus).code()).isZero();
    String[] queries =
        IntStream.range(0, 10_000)
            .mapToObj(i -> query("q" + i, "" + i % 50, "" + (i / 50) % 50))
            .toArray(String[]::new);
    Outcome scored =
        attribute(corpus, write("queries.jsonl", queries), "--rank", "2", "--top", "1");
    assertThat(scored.code()).as(scored.err()).isZero();
    assertThat(top("q9999").code()).isZero();
  }

  @Test
  void noQueriesAtAll() throws IOException {
    Path corpus = write("corpus.jsonl", SHORT);
    assertThat(fit(corpus).code()).isZero();
    refused(attribute(corpus, write("queries.jsonl")), "queries");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "[1, 2] | []",
        "[] | []",
        "[1] | [99999999]",
        "[1] | [-1]",
      })
  void queryWithNothingToMeasure(String prompt, String completion) throws IOException {
    Path corpus = write("corpus.jsonl", SHORT);
    assertThat(fit(corpus).code()).isZero();
    String line =
        "{\"id\": \"q\", \"prompt_tokens\": %s, \"completion_tokens\": %s}"
            .formatted(prompt, completion);
    refused(attribute(corpus, write("queries.jsonl", line)), "queries.jsonl");
  }

  @ParameterizedTest
  @ValueSource(strings = {"jsonl", "jsonl.gz", "jsonl.zst", "parquet"})
  void garbageAsACorpus(String extension) throws IOException {
    Path garbage = folder.resolve("garbage." + extension);
    long seed = System.nanoTime();
    Random random = new Random(seed);
    byte[] block = new byte[1 << 20];
    try (OutputStream out = Files.newOutputStream(garbage)) {
      for (int i = 0; i < GARBAGE_MEGABYTES; i++) {
        random.nextBytes(block);
        out.write(block);
      }
    }
    refused(fit(garbage), "garbage." + extension);
    assertThat(folder.resolve("run")).doesNotExist();
  }

  @Test
  void oneLineWithoutAnEnd() throws IOException {
    Path garbage = folder.resolve("line.jsonl");
    byte[] block = new byte[1 << 20];
    Arrays.fill(block, (byte) '[');
    try (OutputStream out = Files.newOutputStream(garbage)) {
      for (int i = 0; i < GARBAGE_MEGABYTES; i++) {
        out.write(block);
      }
    }
    refused(fit(garbage), "line.jsonl");
  }

  @Test
  void emptyCorpus() throws IOException {
    refused(fit(write("corpus.jsonl")), "corpus");
  }

  @Test
  void corpusThatChangesAfterTheFitIsScoredAsItIsNow() throws IOException {
    Path corpus = write("corpus.jsonl", SHORT);
    assertThat(fit(corpus).code()).isZero();
    Path queries = write("queries.jsonl", query("q", "1", "2"));
    assertThat(attribute(corpus, queries).code()).isZero();
    write("corpus.jsonl", SHORT, "{\"tokens\": [9, 8, 7]}");
    refused(attribute(corpus, queries), "was made from another");
    assertThat(attribute(corpus, queries, "--force").code()).isZero();
    refused(fit(corpus), "was fitted from another");
  }

  private static String query(String id, String prompt, String completion) {
    return "{\"id\": \"%s\", \"prompt_tokens\": [%s], \"completion_tokens\": [%s]}"
        .formatted(id, prompt, completion);
  }

  private Path write(String name, String... lines) throws IOException {
    return Files.writeString(
        folder.resolve(name),
        Arrays.stream(lines).map(line -> line + "\n").collect(Collectors.joining()),
        StandardCharsets.UTF_8);
  }

  /** One sentence that names what is at fault, and no trace. */
  private static void refused(Outcome outcome, String name) {
    assertThat(outcome.code()).as(outcome.err()).isEqualTo(2);
    assertThat(outcome.err()).contains(name).doesNotContain("\tat ");
  }

  private Outcome fit(Path corpus, String... more) {
    return run(
        List.of("fit", ORACLE.model().toString(), "--out", path("run"), "--corpus", "" + corpus),
        more);
  }

  private Outcome attribute(Path corpus, Path queries, String... more) {
    return run(
        List.of(
            "attribute",
            path("run"),
            "--out",
            path("results"),
            "--corpus",
            "" + corpus,
            "--queries",
            "" + queries),
        more);
  }

  private Outcome run(List<String> arguments, String... more) {
    List<String> all = new ArrayList<>(arguments);
    all.addAll(List.of("--cache", path("cache")));
    all.addAll(List.of(more));
    return Outcome.of(all.toArray(String[]::new));
  }

  private Outcome top(String query) {
    return Outcome.of("top", path("results"), "--query", query);
  }

  private String path(String name) {
    return folder.resolve(name).toString();
  }
}
