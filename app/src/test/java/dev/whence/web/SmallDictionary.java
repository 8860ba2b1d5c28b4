package dev.whence.web;

import static org.assertj.core.api.Assertions.assertThat;

import dev.whence.Json;
import dev.whence.cli.Whence;
import dev.whence.run.Workbench;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Results of the dictionary's model on some entries and some documents that mean harm. */
public record SmallDictionary(Path folder) {
  /** What a hostile corpus, query file or both would try. */
  public static final String HOSTILE =
      "<script>document.title='owned'</script><img src=x onerror=alert(1)>\"'&{{7*7}}";

  /** What would turn the rest of a page around. */
  public static final String REVERSING = "\u202Edesrever";

  private static final int ENTRIES = 400;
  private static final int LONG = 24; // documents of JOINED entries each
  private static final int JOINED = 14;

  private static @Nullable SmallDictionary shared;

  /** One for all tests of this process, which only read it; gone when the process ends. */
  public static synchronized SmallDictionary shared() throws IOException {
    SmallDictionary made = shared;
    if (made == null) {
      Path folder = Files.createTempDirectory("small-dictionary");
      Runtime.getRuntime().addShutdownHook(new Thread(() -> Workbench.delete(folder)));
      made = in(folder);
      shared = made;
    }
    return made;
  }

  /** Fits and attributes with two methods, by the command line. */
  private static SmallDictionary in(Path folder) throws IOException {
    SmallDictionary made = new SmallDictionary(folder);
    Path model = Path.of("..", "models", "dictionary").toAbsolutePath().normalize();
    run("dictionary", made.path("dictionary.jsonl"), "--entries", "" + ENTRIES);
    Path corpus = folder.resolve("dictionary.jsonl");
    List<String> lines = new ArrayList<>(Files.readAllLines(corpus));
    String json = HOSTILE.replace("\"", "\\\"");
    lines.add(
        "{\"id\": \"%s\", \"text\": \"dog: %s member of the genus Canis\"}".formatted(json, json));
    lines.add("{\"id\": \"long\", \"text\": \"%s\"}".formatted("the salt of the sea, ".repeat(30)));
    lines.add("{\"id\": \"../../etc/passwd\", \"text\": \"salt: white crystalline form\"}");
    Files.write(corpus, lines);
    Path queries = folder.resolve("queries.jsonl");
    List<String> asked = new ArrayList<>(Files.readAllLines(model.resolve("queries.jsonl")));
    asked.add(
        "{\"id\": \"%s\", \"prompt\": \"%s\", \"completion\": \" a dog\"}".formatted(json, json));
    Files.write(queries, asked);
    fit(made, model, corpus, "run", 32);
    run(
        "index",
        "build",
        made.path("run"),
        "--corpus",
        corpus.toString(),
        "--out",
        made.path("index"),
        "--recall-queries",
        "5",
        "--cache",
        made.path("cache"));
    for (String method : List.of("ekfac", "identity")) {
      run(
          "attribute",
          made.path("run"),
          "--queries",
          queries.toString(),
          "--corpus",
          corpus.toString(),
          "--out",
          made.path(method),
          "--curvature",
          method,
          "--all-scores",
          method.equals("ekfac") ? "--layerwise" : "--tokenwise",
          "--self-influence",
          "--cache",
          made.path("cache"));
    }
    // As little as results can have: only what a filter let through, no matrix of scores.
    run(
        "attribute",
        made.path("run"),
        "--queries",
        queries.toString(),
        "--corpus",
        corpus.toString(),
        "--out",
        made.path("little"),
        "--candidates",
        "20",
        "--top",
        "5",
        "--rank",
        "4",
        "--cache",
        made.path("cache"));
    longTexts(made, model, lines.subList(0, LONG * JOINED), queries);
    return made;
  }

  /** Results over documents of about 250 tokens, one of which tries to reverse the page. */
  private static void longTexts(SmallDictionary made, Path model, List<String> lines, Path queries)
      throws IOException {
    List<String> documents = new ArrayList<>();
    for (int d = 0; d < LONG; d++) {
      StringBuilder text = new StringBuilder();
      for (String line : lines.subList(d * JOINED, (d + 1) * JOINED)) {
        text.append(Json.MAPPER.readTree(line).get("text").asString()).append(". ");
      }
      Map<String, String> document =
          Map.of("id", REVERSING + d, "text", text.append(REVERSING).toString());
      documents.add(Json.MAPPER.writeValueAsString(document).replace("\n", ""));
    }
    Path corpus = Files.write(made.folder.resolve("long.jsonl"), documents);
    fit(made, model, corpus, "long-run", 256);
    run(
        "attribute",
        made.path("long-run"),
        "--queries",
        queries.toString(),
        "--corpus",
        corpus.toString(),
        "--out",
        made.path("long"),
        "--cache",
        made.path("cache"));
  }

  private static void fit(
      SmallDictionary made, Path model, Path corpus, String out, int sequenceLength) {
    run(
        "fit",
        model.toString(),
        "--corpus",
        corpus.toString(),
        "--out",
        made.path(out),
        "--sequence-length",
        "" + sequenceLength,
        "--cache",
        made.path("cache"));
  }

  private static void run(String... arguments) {
    assertThat(Whence.run(arguments)).as(String.join(" ", arguments)).isZero();
  }

  public String path(String name) {
    return folder.resolve(name).toString();
  }

  /** What the explorer calls the results of a method. */
  public String name(String method) {
    return folder.getFileName() + "/" + method;
  }

  public Path cache() {
    return folder.resolve("cache");
  }

  public Path results(String method) {
    return folder.resolve(method);
  }
}
