package dev.whence.web;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.withinPercentage;

import dev.whence.InvalidInputException;
import dev.whence.Json;
import dev.whence.Progress;
import dev.whence.cli.Outcome;
import dev.whence.cli.Whence;
import dev.whence.run.Workbench;
import dev.whence.store.Library;
import dev.whence.store.ResultsStore;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.DriverManager;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** The server, asked by programs, some of them hostile. */
@Timeout(600)
class ExplorerTest {
  @TempDir private static Path folder;

  private static SmallDictionary dictionary;
  private static Explorer explorer;
  private static Browser browser;
  private static String name;
  private static Map<String, String> before;

  @BeforeAll
  static void serve() throws IOException {
    dictionary = SmallDictionary.shared();
    before = Workbench.contents(dictionary.results("ekfac"));
    explorer = start("127.0.0.1", "asked");
    browser = Browser.of(explorer.address("127.0.0.1"));
    name = dictionary.name("ekfac");
  }

  private static Explorer start(String host, String asked) {
    Library library = new Library(dictionary.cache());
    for (String method : List.of("ekfac", "identity")) {
      ResultsStore store = library.open(dictionary.results(method));
      library.index(store, Progress.NONE);
    }
    return Explorer.start(
        library, new Explorer.Settings(host, 0, folder.resolve(asked), Duration.ofMinutes(10)));
  }

  @AfterAll
  static void stop() {
    explorer.close();
    assertThat(Workbench.contents(dictionary.results("ekfac")))
        .as("results are never written to")
        .isEqualTo(before);
  }

  private static String query(String id) {
    return Address.of("/query").with("results", name).with("query", id).text();
  }

  private static String page(String path) {
    HttpResponse<String> answer = browser.get(path);
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    return answer.body();
  }

  @Test
  void everyPageHasWhatItIsFor() {
    assertThat(page("/"))
        .contains(name, "ekfac, damping 0.1", "403 documents", "dog, domestic dog:", "nats");
    assertThat(page(query("animal")))
        .contains("Raised by", "Lowered by", "<svg", "BM25 #1", "nats", "class=\"verbatim")
        .contains("sequences raise it", "hold");
    assertThat(page("/views?results=" + name + "&query=animal&rank=1"))
        .contains("By the token that is read", "Compute the other views");
    assertThat(page("/search?results=" + name + "&words=genus"))
        .contains("All of the corpus", "animal", "member of the genus");
    String identity = dictionary.name("identity");
    assertThat(page("/compare?left=" + name + "&right=" + identity + "&query=animal"))
        .contains("Pearson", "are the same", "<svg");
    assertThat(page("/ask")).contains("Let the model complete it");
    assertThat(page("/explorer.css")).contains("prefers-color-scheme");
  }

  @Test
  void aSequencesPageShowsWhatItInfluences() {
    String link = first(page(query("animal")), "href=\"(/sequence[^\"]*)\"").replace("&amp;", "&");
    assertThat(page(link))
        .contains("Queries that it influences most", "All queries were looked at")
        .contains("Influence on itself: +");
  }

  @Test
  void aLongDocumentsSequencesAreNeighbours() {
    String second = page(Address.of("/search").with("results", name).with("words", "long").text());
    String link = first(second, "href=\"(/sequence[^\"]*document=long[^\"]*place=\\d+)\"");
    assertThat(page(link.replace("&amp;", "&")))
        .contains("Around it in the document", "<b>0</b>", ">1</a>", ">3</a>")
        .doesNotContain(">4</a>");
  }

  @Test
  void littleIsShownOfLittle() {
    Library library = new Library(folder.resolve("no such cache"));
    library.open(dictionary.results("little"));
    String little = dictionary.name("little");
    try (Explorer own =
        Explorer.start(
            library,
            new Explorer.Settings(
                "127.0.0.1", 0, folder.resolve("little-asked"), Duration.ofMinutes(1)))) {
      Browser reader = Browser.of(own.address("127.0.0.1"));
      assertThat(reader.get("/").body()).contains("were let through", "correlation");
      String page =
          reader
              .get(Address.of("/query").with("results", little).with("query", "animal").text())
              .body();
      assertThat(page)
          .contains("that were kept", "others were not looked at")
          .doesNotContain("a tenth of the strongest", "all-scores", "BM25 #");
      String link = first(page, "href=\"(/sequence[^\"]*)\"").replace("&amp;", "&");
      assertThat(reader.get(link).body())
          .contains("with --all-scores all are")
          .doesNotContain("Influence on itself");
      assertThat(reader.get("/search?results=" + little + "&words=dog").body())
          .contains("Influential sequences")
          .doesNotContain("All of the corpus");
    }
  }

  @Test
  void layersDecideTheOrder() {
    String all = page(query("animal"));
    String lower = page(query("animal") + "&first=0&last=0");
    assertThat(lower).contains("Ordered by what passes through");
    assertThat(ranks(all)).startsWith("1", "2", "3");
    assertThat(lower).contains("of all sequences that were scored");
    assertThat(page("/query?results=" + dictionary.name("identity") + "&query=animal&last=0"))
        .contains("among the strongest that were kept");
    assertThat(ranks(lower)).isNotEqualTo(ranks(all));
    assertThat(page(query("animal") + "&first=99&last=-4")).contains("Raised by");
  }

  private static List<String> ranks(String page) {
    return Pattern.compile("id=\"rank(\\d+)\"")
        .matcher(page)
        .results()
        .map(m -> m.group(1))
        .limit(20)
        .toList();
  }

  private static String first(String text, String pattern) {
    Matcher matcher = Pattern.compile(pattern).matcher(text);
    assertThat(matcher.find()).as(pattern).isTrue();
    return matcher.group(1);
  }

  @Test
  void hostileTextIsShownAndNeverRuns() {
    String hostileQuery = page(query(SmallDictionary.HOSTILE));
    String hostileDocument =
        page(
            SequencePage.address(name, SmallDictionary.HOSTILE, 0)
                .with("place", 0)
                .text()
                .replace("place=0", "x=0"));
    for (String html :
        List.of(
            hostileQuery,
            hostileDocument,
            page("/"),
            page(
                Address.of("/search")
                    .with("results", name)
                    .with("words", SmallDictionary.HOSTILE)
                    .text()),
            browser
                .get(Address.of("/query").with("results", SmallDictionary.HOSTILE).text())
                .body(),
            browser.get("/" + Browser.form(SmallDictionary.HOSTILE, "x")).body())) {
      assertThat(html).doesNotContain("<script>", "<img");
    }
    assertThat(hostileQuery).contains("&lt;script&gt;");
    assertThat(hostileDocument).contains("&lt;script&gt;");
  }

  @Test
  void everyAnswerForbidsScriptsInPages() {
    for (String path : List.of("/", "/nothing", "/explorer.js", "/query")) {
      HttpResponse<String> answer = browser.get(path);
      assertThat(answer.headers().firstValue("Content-Security-Policy").orElse(""))
          .as(path)
          .contains("default-src 'none'", "script-src 'self'")
          .doesNotContain("unsafe");
      assertThat(answer.headers().firstValue("X-Content-Type-Options")).contains("nosniff");
      assertThat(answer.body()).doesNotContain("style=\"", " onclick", "<script>");
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/../../../../etc/passwd",
        "/%2e%2e/%2e%2e/etc/passwd",
        "/explorer.css/../../../etc/passwd",
        "/query?results=../../../etc&query=passwd",
        "/download?results=/etc/passwd&query=x&format=csv",
        "/download?results=%00&query=x&format=../../x",
        "/job?id=../../../etc/passwd",
        "/sequence?results=x&document=/etc/passwd&index=0"
      })
  void noPathReachesTheFileSystem(String path) {
    String answer =
        browser.raw(
            "GET %s HTTP/1.1\nHost: 127.0.0.1:%d\nConnection: close\n\n"
                .formatted(path, browser.base().getPort()));
    assertThat(answer).containsPattern("HTTP/1.1 4\\d\\d").doesNotContain("root:");
  }

  @Test
  void anotherNameForThisServerIsRefused() {
    String forged = "GET / HTTP/1.1\nHost: evil.example\nConnection: close\n\n";
    assertThat(browser.raw(forged)).contains("HTTP/1.1 421").doesNotContain("animal");
  }

  @Test
  void formsOfOtherSitesAreRefused() {
    String form = formToken();
    String body = Browser.form("form", form, "id", "1");
    String own = "http://127.0.0.1:" + browser.base().getPort();
    assertThat(
            browser
                .post("/job/cancel", body, "Origin", own, "Sec-Fetch-Site", "same-origin")
                .statusCode())
        .as("a form of these pages")
        .isEqualTo(303);
    assertThat(browser.post("/job/cancel", Browser.form("id", "1")).statusCode()).isEqualTo(403);
    assertThat(browser.post("/job/cancel", Browser.form("form", "0", "id", "1")).statusCode())
        .isEqualTo(403);
    assertThat(browser.post("/job/cancel", body, "Origin", "http://evil.example").statusCode())
        .isEqualTo(403);
    assertThat(browser.post("/job/cancel", body, "Sec-Fetch-Site", "cross-site").statusCode())
        .isEqualTo(403);
    assertThat(
            browser
                .get("/", "Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "no-cors")
                .statusCode())
        .as("a picture on another site")
        .isEqualTo(403);
    assertThat(
            browser
                .get("/", "Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate")
                .statusCode())
        .as("a link on another site")
        .isEqualTo(200);
  }

  private static String formToken() {
    return first(page("/ask"), "name=\"form\" value=\"([0-9a-f]+)\"");
  }

  @Test
  void hugeRequestsAreRefused() {
    String huge = "x".repeat(1 << 20);
    int code = browser.post("/ask", Browser.form("form", formToken(), "prompt", huge)).statusCode();
    assertThat(code).isEqualTo(413);
    String parts = "--x\r\nContent-Disposition: form-data; name=\"form\"\r\n\r\nhuge\r\n--x--\r\n";
    String head =
        "POST /ask HTTP/1.1\nHost: 127.0.0.1:"
            + browser.base().getPort()
            + "\nConnection: close\nContent-Type: multipart/form-data; boundary=x\nContent-Length: "
            + parts.length()
            + "\n\n";
    String refused = browser.raw(head + parts);
    assertThat(refused).contains("HTTP/1.1 415");
  }

  @Test
  void whatIsNotThereIsNotFound() {
    assertThat(browser.get(query("no such query")).statusCode()).isEqualTo(404);
    assertThat(browser.get("/views?results=" + name + "&query=animal&rank=9999").statusCode())
        .isEqualTo(404);
    assertThat(browser.get("/job?id=77").statusCode()).isEqualTo(404);
    HttpResponse<String> nowhere = browser.get("/nowhere");
    assertThat(nowhere.statusCode()).isEqualTo(404);
    assertThat(nowhere.body()).contains("That is not here", "There is no page of this name");
    HttpResponse<String> posted =
        browser.post(
            "/query",
            Browser.form(
                "form", first(page("/ask"), "name=\"form\" value=\"([0-9a-f]+)\""), "x", "y"));
    assertThat(posted.statusCode()).isEqualTo(405);
    assertThat(posted.body()).contains("That cannot be done here");
  }

  @Test
  void downloadsHaveTheTable() throws Exception {
    String address = "/download?results=" + name + "&query=animal&format=";
    assertThat(page(address + "csv"))
        .startsWith("query_id,rank,document_id")
        .contains("\nanimal,1,", "\nanimal,-1,");
    assertThat(Json.MAPPER.readTree(page(address + "json")).size()).isGreaterThan(100);
    Path file = folder.resolve("download.parquet");
    browser
        .client()
        .send(
            java.net.http.HttpRequest.newBuilder(browser.base().resolve(address + "parquet"))
                .build(),
            HttpResponse.BodyHandlers.ofFile(file));
    try (var connection = DriverManager.getConnection("jdbc:duckdb:");
        var rows =
            connection
                .createStatement()
                .executeQuery("SELECT count(*) FROM read_parquet('" + file + "')")) {
      rows.next();
      assertThat(rows.getInt(1)).isGreaterThan(100);
    }
  }

  @Test
  void theOtherViewsAreComputedOnDemand() {
    try (Explorer own =
        start("127.0.0.1", "own")) { // it loads the model, and lets it go when it ends
      assertThat(
              Browser.of(own.address("127.0.0.1"))
                  .get("/views?results=" + name + "&query=animal&rank=-1&compute=1")
                  .body())
          .contains("By the token that is predicted", "Strongest at", "Eq. 38");
    }
  }

  @Test
  void aQuestionIsAnsweredAndKeptAcrossARestart() {
    String answer;
    try (Explorer own = start("127.0.0.1", "own")) {
      answer = ask(Browser.of(own.address("127.0.0.1")));
    }
    try (Explorer again = start("127.0.0.1", "own")) {
      String page = Browser.of(again.address("127.0.0.1")).get(answer).body();
      // Each word of the completion is a link of its own.
      assertThat(page.replaceAll("<[^>]*>", "")).contains("feline mammal", "Raised by");
    }
  }

  /** What would fail later is said at once, and a completion without its space is asked back. */
  private static void refuseOnTheForm(Browser reader, String form) {
    assertThat(submitted(reader, form, "cat:", " a mammal", "kfac").body())
        .contains("was fitted for ekfac, not for kfac");
    assertThat(submitted(reader, form, "cat ".repeat(300), " a mammal", "ekfac").body())
        .contains("but the model takes 256");
    HttpResponse<String> glued = submitted(reader, form, "cat is", "a mammal", "ekfac");
    assertThat(glued.statusCode()).isEqualTo(200);
    assertThat(glued.body()).contains("in the middle of the prompt's last word", "Ask as it is");
  }

  private static HttpResponse<String> submitted(
      Browser reader, String form, String prompt, String completion, String curvature) {
    return reader.post(
        "/ask",
        Browser.form(
            "form",
            form,
            "results",
            name,
            "prompt",
            prompt,
            "completion",
            completion,
            "curvature",
            curvature,
            "damping-ratio",
            "0.1",
            "candidates",
            "50",
            "top",
            "10",
            "ask",
            "1"));
  }

  /** Where the answer is. */
  private static String ask(Browser reader) {
    String form = first(reader.get("/ask").body(), "name=\"form\" value=\"([0-9a-f]+)\"");
    HttpResponse<String> completed =
        reader.post(
            "/ask",
            Browser.form(
                "form", form, "results", name, "prompt", "cat, domestic cat:", "complete", "1"));
    assertThat(completed.body()).containsPattern("name=\"completion\"[^>]*> a");
    HttpResponse<String> refused =
        reader.post("/ask", Browser.form("form", form, "results", name, "ask", "1"));
    assertThat(refused.statusCode()).isEqualTo(400);
    assertThat(refused.body()).contains("role=\"alert\"");
    refuseOnTheForm(reader, form);
    HttpResponse<String> asked = submitted(reader, form, "cat:", " feline mammal", "ekfac");
    assertThat(asked.statusCode()).as(asked.body()).isEqualTo(303);
    String id = first(asked.headers().firstValue("Location").orElseThrow(), "id=(\\d+)");
    while (!reader.get("/job/progress?id=" + id).body().contains("\"over\" : true")) {
      Thread.onSpinWait();
    }
    assertThat(reader.get("/job?id=" + id).body()).contains("See the answer");
    return "/query?results=asked%2F" + id + "&query=asked";
  }

  @Test
  void offTheLoopbackAddressATokenIsNeeded() {
    try (Explorer open = start("0.0.0.0", "open")) {
      String address = open.address("127.0.0.1");
      Browser stranger = Browser.of(address.replaceFirst("\\?.*", ""));
      assertThat(stranger.get("/").statusCode()).isEqualTo(401);
      assertThat(stranger.get("/?token=wrong").statusCode()).isEqualTo(401);
      assertThat(
              stranger
                  .get("/", "Cookie", "whence-token-" + stranger.base().getPort() + "=wrong")
                  .statusCode())
          .isEqualTo(401);
      HttpResponse<String> let = stranger.get(address);
      assertThat(let.statusCode()).as("to an address without the token").isEqualTo(302);
      assertThat(let.headers().firstValue("Location")).contains("/");
      String cookie = let.headers().firstValue("Set-Cookie").orElseThrow();
      assertThat(cookie).contains("HttpOnly", "SameSite=Strict");
      assertThat(stranger.get("/", "Cookie", cookie.replaceFirst(";.*", "")).statusCode())
          .isEqualTo(200);
    }
  }

  @Test
  void aPortThatIsTakenIsSaid() {
    int taken = browser.base().getPort();
    Library library = new Library(dictionary.cache());
    assertThatThrownBy(() ->
            Explorer.start(
                library,
                new Explorer.Settings(
                    "127.0.0.1", taken, folder.resolve("other"), Duration.ofMinutes(1))))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("--port");
    // The command says so before it looks for the results, in its own line alone.
    Outcome explore = Outcome.of("explore", "nowhere", "--port", "" + taken);
    assertThat(explore.code()).isEqualTo(2);
    assertThat(explore.err().lines())
        .containsExactly(
            "whence: 127.0.0.1:%d cannot be served from (Address already in use); give another --port"
                .formatted(taken));
  }

  @Test
  void manyReadersAtOnceAreServed() throws Exception {
    long seconds = Long.getLong("whence.test.readers", 3);
    List<String> paths =
        List.of(
            "/",
            query("animal"),
            query("person") + "&first=1&last=2",
            "/search?results=" + name + "&words=the",
            "/download?results=" + name + "&query=animal&format=parquet");
    long end = System.nanoTime() + seconds * 1_000_000_000L;
    try (var readers = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<Integer>> all =
          java.util.stream.IntStream.range(0, 200)
              .mapToObj(r ->
                  readers.submit(() -> {
                    int asked = 0;
                    do {
                      String path = paths.get((r + asked) % paths.size());
                      assertThat(browser.get(path).statusCode()).as(path).isEqualTo(200);
                      asked++;
                    } while (System.nanoTime() < end);
                    return asked;
                  }))
              .toList();
      int sum = 0;
      for (Future<Integer> one : all) {
        sum += one.get();
      }
      System.out.printf("200 readers: %d pages in %d s%n", sum, seconds);
      assertThat(sum).isGreaterThanOrEqualTo(200);
    }
  }

  @Test
  void theCommandShowsAllViewsOfASequence() throws IOException {
    ByteArrayOutputStream captured = new ByteArrayOutputStream();
    PrintStream real = System.out;
    try (PrintStream out = new PrintStream(captured, true, StandardCharsets.UTF_8)) {
      System.setOut(out);
      assertThat(
              Whence.run(
                  "sequence",
                  dictionary.path("ekfac"),
                  "--query",
                  "animal",
                  "--rank",
                  "2",
                  "--json"))
          .isZero();
    } finally {
      System.setOut(real);
    }
    JsonNode views = Json.MAPPER.readTree(captured.toString(StandardCharsets.UTF_8));
    int tokens = views.path("tokens").size();
    assertThat(views.path("embedded").size()).isEqualTo(tokens);
    assertThat(views.path("layers_and_tokens").size()).isEqualTo(views.path("layers").size());
    assertThat(sum(views.path("predicted")))
        .isCloseTo(sum(views.path("read")), withinPercentage(0.1));
    assertThat(Whence.run("sequence", dictionary.path("ekfac"), "--query", "nobody")).isEqualTo(2);
  }

  private static double sum(JsonNode numbers) {
    double sum = 0;
    for (JsonNode number : numbers) {
      sum += number.asDouble();
    }
    return sum;
  }

  @Test
  void commandsRefuseWhatCannotBeShown() {
    assertThat(Whence.run("explore", folder.resolve("nowhere").toString())).isEqualTo(2);
    assertThat(Whence.run("explore", dictionary.path("ekfac"), "--port", "70000")).isEqualTo(2);
    assertThat(
            Whence.run(
                "report",
                dictionary.path("ekfac"),
                "--out",
                dictionary.path("r.html"),
                "--query",
                "nobody"))
        .isEqualTo(2);
    assertThat(dictionary.folder().resolve("r.html")).doesNotExist();
  }

  @Test
  void aReportIsOneFileThatRunsNothing() throws IOException {
    Path out = folder.resolve("report.html");
    assertThat(
            Whence.run(
                "report",
                dictionary.path("ekfac"),
                "--out",
                out.toString(),
                "--count",
                "3",
                "--cache",
                dictionary.path("cache")))
        .isZero();
    String html = Files.readString(out);
    assertThat(html)
        .contains("Raised by", "<svg", "&lt;script&gt;", "style-src", "sha256-")
        .doesNotContain("<script", "<img", "<link", "<iframe", "href=");
  }
}
