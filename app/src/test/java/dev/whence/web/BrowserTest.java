package dev.whence.web;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.deque.html.axecore.playwright.AxeBuilder;
import com.microsoft.playwright.Browser.NewContextOptions;
import com.microsoft.playwright.BrowserContext;
import com.microsoft.playwright.BrowserType;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.Playwright;
import com.microsoft.playwright.options.ColorScheme;
import dev.whence.store.Library;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The pages in the system's Chromium, without a window. Skipped, and said so, without one. */
class BrowserTest {
  @TempDir private static Path folder;

  private static SmallDictionary dictionary;
  private static Explorer explorer;
  private static Playwright playwright;
  private static com.microsoft.playwright.Browser chromium;
  private static String base;
  private static String name;

  private final List<String> complaints = new ArrayList<>();
  private BrowserContext context;
  private Page page;

  @BeforeAll
  static void serve() throws IOException {
    Optional<Path> installed =
        Stream.of(System.getenv("PATH").split(File.pathSeparator))
            .flatMap(folder ->
                Stream.of("chromium", "chromium-browser", "google-chrome")
                    .map(command -> Path.of(folder, command)))
            .filter(Files::isExecutable)
            .findFirst();
    assumeTrue(installed.isPresent(), "Chromium is not installed: pages are not looked at");
    dictionary = SmallDictionary.shared();
    Library library = new Library(dictionary.cache());
    for (String method : List.of("ekfac", "identity", "long")) {
      library.index(library.open(dictionary.results(method)), dev.whence.Progress.NONE);
    }
    explorer =
        Explorer.start(
            library,
            new Explorer.Settings("127.0.0.1", 0, folder.resolve("asked"), Duration.ofMinutes(10)));
    base = explorer.address("127.0.0.1");
    name = dictionary.name("ekfac");
    // The model stays loaded until the explorer ends: no single test leaves it behind.
    dev.whence.web.Browser.of(base)
        .get(ViewsPage.address(name, "animal", 1).with("compute", 1).text());
    dev.whence.web.Browser.of(base).get(TokenPage.address(name, "animal", 1).text());
    playwright =
        Playwright.create(
            new Playwright.CreateOptions().setEnv(Map.of("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1")));
    chromium =
        playwright
            .chromium()
            .launch(
                new BrowserType.LaunchOptions()
                    .setExecutablePath(installed.get())
                    .setArgs(List.of("--no-sandbox")));
  }

  @AfterAll
  static void stop() {
    if (playwright != null) {
      playwright.close();
      explorer.close();
    }
  }

  @BeforeEach
  void open() {
    open(ColorScheme.LIGHT, true);
  }

  private void open(ColorScheme scheme, boolean script) {
    if (context != null) {
      context.close();
    }
    context =
        chromium.newContext(
            new NewContextOptions()
                .setColorScheme(scheme)
                .setJavaScriptEnabled(script)
                .setViewportSize(1280, 900));
    page = context.newPage();
    page.onConsoleMessage(message -> {
      if (message.type().equals("error")) {
        complaints.add(message.text());
      }
    });
    page.onPageError(complaints::add);
    page.onRequest(request -> {
      if (!request.url().startsWith(base)) {
        complaints.add("asked for " + request.url());
      }
    });
  }

  @AfterEach
  void noComplaints() {
    context.close();
    assertThat(complaints).isEmpty();
  }

  private void go(Address address) {
    page.navigate(base + address.text().substring(1));
  }

  private void openOptions() {
    if (page.locator("#options[open]").count() == 0) {
      page.click("#options summary");
    }
  }

  private void goToAnimal() {
    go(Address.of("/query").with("results", name).with("query", "animal"));
  }

  @Test
  void fromTheOverviewToASequenceAndBackToItsQueries() {
    page.navigate(base);
    page.locator(".queries a", new Page.LocatorOptions().setHasText("Canis")).first().click();
    assertThat(page.locator("h1")).containsText("a member of the genus Canis");
    assertThat(page.locator(".summary")).containsText("One more copy of");
    assertThat(page.locator(".trust")).containsText("sequences, exactly");
    assertThat(page.locator(".text .r9").first()).isVisible();
    page.locator("#rank1 .document").click();
    assertThat(page.locator("h2").first()).hasText("Queries that it influences most");
    page.locator("tbody a").first().click();
    assertThat(page.locator("#raising")).isVisible();
  }

  @Test
  void choosingLayersChangesTheRankingAtOnceAndTheLinkKeepsIt() {
    goToAnimal();
    String first = page.locator(".sequence .document").first().innerText();
    List<String> before = page.locator(".sequence .document").allInnerTexts();
    openOptions();
    int last = page.locator("select[name=last] option").count() - 1;
    page.selectOption("select[name=last]", "0");
    assertThat(page.locator("text=Ordered by what passes through")).isVisible();
    assertThat(page.locator(".sequence .document").allInnerTexts()).isNotEqualTo(before);
    String link = page.url();
    String influence = page.locator(".sequence .influence").first().innerText();
    page.navigate(link);
    assertThat(page.locator(".sequence .influence").first()).hasText(influence);
    page.click("text=upper third");
    assertThat(page.locator("select[name=last]")).hasValue("" + last);
    page.locator(".thirds >> text=all").click();
    assertThat(page.locator(".sequence .document").first()).hasText(first);
  }

  @Test
  void theKeyboardGoesThroughSequencesAndQueries() {
    goToAnimal();
    page.keyboard().press("j");
    assertThat(page.locator("#rank1")).isFocused();
    page.keyboard().press("j");
    assertThat(page.locator("#rank2")).isFocused();
    page.keyboard().press("k");
    page.keyboard().press("Enter");
    assertThat(page.locator(".summary")).containsText("One more copy of");
    assertThat(page.locator("#compute")).isVisible(); // the page of one sequence
    goToAnimal();
    page.keyboard().press("]");
    assertThat(page.locator("h1")).not().containsText("Canis");
    page.waitForLoadState();
    page.keyboard().press("/");
    assertThat(page.locator("#search")).isFocused();
    page.keyboard().type("genus");
    page.keyboard().press("Enter");
    assertThat(page.locator("h1")).hasText("Search");
  }

  @Test
  void theOtherViewsAreComputedOnDemand() {
    go(ViewsPage.address(name, "animal", 1));
    page.click("#compute");
    assertThat(page.locator("#predicted")).isVisible();
    assertThat(page.locator("#embedded")).isVisible();
    assertThat(page.locator("svg .cell").first()).isVisible();
  }

  @Test
  void aQuestionFromTheFormToItsAnswer() {
    page.navigate(base + "ask");
    page.fill("textarea[name=prompt]", "cat, domestic cat:");
    page.click("button[name=complete]");
    assertThat(page.locator("textarea[name=completion]")).not().hasValue("");
    page.fill("input[name=candidates]", "100");
    page.fill("input[name=rerank]", "0");
    page.click("button[name=ask]");
    page.click("#answer");
    assertThat(page.locator("h1")).containsText("cat, domestic cat:");
    assertThat(page.locator("#rank1")).isVisible();
    assertThat(page.locator(".trust")).containsText("those that share most words");
    page.navigate(base + "ask");
    assertThat(page.locator(".queries li").first()).containsText("done");
  }

  /** How long it takes is printed, not asserted. */
  @Test
  void theIndexEstimatesAtOnceThenAnswersAndKnowsWhereAWordCameFrom() {
    page.navigate(base + "ask");
    page.fill("textarea[name=prompt]", "dog, domestic dog:");
    page.fill("textarea[name=completion]", " a member of the genus Canis");
    assertThat(page.locator("input[name=rerank]")).hasValue("200");
    long start = System.nanoTime();
    page.click("button[name=ask]");
    page.waitForSelector("#estimates li");
    System.out.printf("estimates after %d ms%n", (System.nanoTime() - start) / 1_000_000);
    assertThat(page.locator("#estimates li").first()).containsText("Canis");
    page.waitForSelector("#answer");
    System.out.printf("exact influences after %d ms%n", (System.nanoTime() - start) / 1_000_000);
    page.click("#answer");
    assertThat(page.locator("#rank1 .influence")).containsText("+");
    page.locator(".words a").last().click();
    assertThat(page.locator(".summary")).containsText("came from");
    assertThat(page.locator(".summary")).containsText("Estimates by the index");
    assertThat(page.locator("#raising + .sequences .influence").first()).containsText("≈ +");
    page.locator(".answer .words a").first().click();
    assertThat(page.locator(".summary")).containsText("Where “a” came from");
    page.locator(".note .words a").first().click();
    assertThat(page.locator(".summary")).containsText("Where “a member” came from");
    page.locator(".summary a").click();
    assertThat(page.locator("#rank1")).isVisible();
  }

  @Test
  void aQuestionCanBeCancelled() {
    page.navigate(base + "ask");
    page.fill("textarea[name=prompt]", "dog:");
    page.fill("textarea[name=completion]", " an animal");
    page.click("button[name=ask]");
    // However fast it was: either it was stopped, or it is answered and there is no button.
    if (page.locator("text=Cancel").count() > 0) {
      page.click("text=Cancel");
    }
    assertThat(page.locator("#state"))
        .hasText(java.util.regex.Pattern.compile("cancelled|answered"));
  }

  @Test
  void spikySequencesCanBeHidden() {
    for (String query : List.of("absent", "person", "substance", "action", "property", "animal")) {
      go(Address.of("/query").with("results", name).with("query", query).with("count", 100));
      if (page.locator(".spiky").count() > 0) {
        break;
      }
    }
    assertThat(page.locator(".spiky").count()).as("marked").isPositive();
    openOptions();
    page.check("input[name=hide]");
    assertThat(page.locator("input[name=hide]")).isChecked();
    assertThat(page.locator(".spiky")).hasCount(0);
    assertThat(page.locator("#rank1, .sequence").first()).isVisible();
  }

  @Test
  void aReportOpensWithoutAServer() {
    Path report = folder.resolve("report.html");
    assertThat(
            dev.whence.cli.Whence.run(
                "report",
                dictionary.path("ekfac"),
                "--out",
                report.toString(),
                "--count",
                "5",
                "--cache",
                dictionary.path("cache")))
        .isZero();
    base = report.toUri().toString();
    try {
      page.navigate(base);
      assertThat(page.locator("h2").first()).containsText("Curie");
      assertThat(page.locator(".r9").first()).isVisible();
      assertThat((String) evaluated(".r9")).isNotEqualTo("rgba(0, 0, 0, 0)");
    } finally {
      base = explorer.address("127.0.0.1");
    }
  }

  private Object evaluated(String selector) {
    return page.locator(selector).first().evaluate("e => getComputedStyle(e).backgroundColor");
  }

  @Test
  void twoMethodsSideBySide() {
    page.navigate(base + "compare");
    page.selectOption("select[name=left]", name);
    page.waitForURL("**left=*ekfac**");
    page.selectOption("select[name=right]", dictionary.name("identity"));
    assertThat(page.locator("text=Spearman")).isVisible();
    page.selectOption("select[name=query]", "person");
    assertThat(page.locator(".asked")).containsText("Curie");
    assertThat(page.locator("svg circle").first()).isAttached();
  }

  @Test
  void hostileTextNeverRuns() {
    for (Address address :
        List.of(
            Address.of("/query").with("results", name).with("query", SmallDictionary.HOSTILE),
            SequencePage.address(name, SmallDictionary.HOSTILE, 0),
            Address.of("/search")
                .with("results", name)
                .with("words", "<script>document.title='owned'</script>"))) {
      go(address);
      assertThat(page.title()).isNotEqualTo("owned");
      assertThat(page.locator("main script").count()).isZero();
      assertThat(page.locator("main img").count()).isZero();
    }
  }

  @Test
  void everyPageWorksWithoutScriptAndInTheDark() {
    open(ColorScheme.DARK, false);
    goToAnimal();
    assertThat(page.locator("#rank1")).isVisible();
    openOptions();
    page.selectOption("select[name=first]", "1");
    page.locator(".choices button").click();
    assertThat(page.locator("text=Ordered by what passes through")).isVisible();
    assertThat((String) evaluated("body")).isEqualTo("rgb(22, 22, 26)");
  }

  @Test
  void namesAndRolesAreThereForScreenReaders() {
    goToAnimal();
    assertThat(page.locator("html")).hasAttribute("lang", "en");
    assertThat(page.locator("main")).hasCount(1);
    assertThat(page.locator("h1")).hasCount(1);
    for (var input : page.locator("main input, main select, main textarea").all()) {
      if (!"hidden".equals(input.getAttribute("type"))) {
        assertThat(
                (Boolean)
                    input.evaluate("e => e.labels.length > 0 || e.hasAttribute('aria-label')"))
            .as(input.toString())
            .isTrue();
      }
    }
    for (var chart : page.locator("figure svg").all()) {
      assertThat(chart).hasAttribute("role", java.util.regex.Pattern.compile("img|group"));
      String summary = chart.getAttribute("aria-describedby");
      assertThat(page.locator("#" + summary)).not().isEmpty();
    }
  }

  private Address longPage(String query) {
    return Address.of("/query").with("results", dictionary.name("long")).with("query", query);
  }

  @Test
  void theStrongestTokenOfALongSequenceIsSeenAtOnce() {
    for (int width : new int[] {1280, 400}) {
      page.setViewportSize(width, 900);
      go(longPage("animal").with("shades", "own"));
      for (var card : page.locator(".sequence").all()) {
        assertThat(card.locator(".r9:not(.cut), .l9:not(.cut)").first()).isVisible();
      }
      var first = page.locator("#rank1");
      assertThat(first.locator(".cut:not(.special)").first()).isHidden();
      first.focus();
      page.keyboard().press("o");
      assertThat(first.locator(".cut:not(.special)").first()).isVisible();
      assertThat(first.locator(".gap").first()).isHidden();
    }
    goToAnimal(); // short texts are whole, and nothing offers more of them
    assertThat(page.locator(".whole")).hasCount(0);
  }

  @Test
  void noPageIsWiderThanAPhone() {
    page.setViewportSize(400, 800);
    for (Address address : pages()) {
      go(address);
      openAll();
      Number excess =
          (Number)
              page.evaluate(
                  "document.documentElement.scrollWidth - document.documentElement.clientWidth");
      assertThat(excess.intValue()).as(address.text()).isLessThanOrEqualTo(0);
    }
  }

  @Test
  void everyPageCanBeReadByEveryone() {
    for (ColorScheme scheme : List.of(ColorScheme.LIGHT, ColorScheme.DARK)) {
      open(scheme, true);
      for (Address address : pages()) {
        go(address);
        openAll();
        List<String> faults =
            new AxeBuilder(page)
                .analyze().getViolations().stream()
                    .map(rule ->
                        rule.getId()
                            + " "
                            + rule.getNodes().stream()
                                .limit(3)
                                .map(node -> node.getHtml() + node.getAny())
                                .toList())
                    .toList();
        assertThat(faults).as(scheme + " " + address.text()).isEmpty();
      }
    }
  }

  private void openAll() {
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)");
  }

  private static List<Address> pages() {
    String other = dictionary.name("identity");
    return List.of(
        Address.of("/"),
        Address.of("/query").with("results", name).with("query", "animal"),
        Address.of("/query")
            .with("results", dictionary.name("long"))
            .with("query", SmallDictionary.HOSTILE),
        TokenPage.address(name, "animal", 1),
        ViewsPage.address(name, "animal", 1).with("compute", 1),
        SequencePage.address(name, "long", 0),
        Address.of("/search").with("results", name).with("words", "genus"),
        Address.of("/compare").with("left", name).with("right", other).with("query", "person"),
        Address.of("/ask"));
  }

  @Test
  void textThatWouldReverseThePageIsSpelledOut() {
    go(longPage("animal"));
    String text = page.locator("body").innerText();
    assertThat(text).contains("[U+202E]desrever0").doesNotContain(SmallDictionary.REVERSING);
    page.locator("#rank1 .document").click();
    assertThat(page.locator("h1")).containsText("[U+202E]desrever");
  }

  @Test
  void whatWasSearchedForIsMarkedAndNothingFoundIsSaid() {
    go(Address.of("/search").with("results", name).with("words", "genus"));
    assertThat(page.locator("mark").first()).hasText("genus");
    List<String> documents = page.locator("h2:has-text('Influential') + ol b").allInnerTexts();
    assertThat(documents).doesNotHaveDuplicates();
    go(Address.of("/search").with("results", name).with("words", "xyzzy"));
    assertThat(page.locator("main")).containsText("Nothing has “xyzzy”");
  }

  @Test
  void anAnswerAndASequenceAreTakenAlongAsPictures() throws IOException {
    goToAnimal();
    page.click("#take summary");
    var download = page.waitForDownload(() -> page.click("[data-picture]"));
    java.awt.image.BufferedImage picture = javax.imageio.ImageIO.read(download.path().toFile());
    assertThat(picture.getWidth()).isEqualTo(2560);
    assertThat(picture.getHeight()).isEqualTo(1440);
    page.click("#take >> text=Picture (SVG)");
    String svg = page.content();
    assertThat(svg).contains("genus", "Whence").doesNotContain(name, "ekfac", "Canis.n.");
    go(ViewsPage.address(name, "animal", -1).on("/poster.svg"));
    assertThat(page.content()).contains("#0b7f86");
  }
}
