package dev.whence.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.whence.results.ResultsFolder;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The quickstart and the rank test, on a part of the dictionary. */
class QuickstartTest {
  private static final String ENTRIES = "1500";

  @TempDir private Path folder;

  @BeforeEach
  void installHere() {
    System.setProperty("whence.home", Path.of("..").toAbsolutePath().normalize().toString());
  }

  @AfterEach
  void uninstall() {
    System.clearProperty("whence.home");
  }

  @Test
  void itAnswersSixQueriesAndTheOwnDocumentComesFirst() {
    String out = folder.resolve("quickstart").toString();
    Outcome quickstart = Outcome.of("quickstart", "--out", out, "--entries", ENTRIES);
    assertThat(quickstart.code()).as(quickstart.err()).isZero();
    assertThat(quickstart.out())
        .contains(
            "raised most by", "lowered most by", "layers:", "whence attribute", "whence explore")
        .contains("1,500 entries");
    ResultsFolder results = ResultsFolder.open(Path.of(out, "results"));
    assertThat(results.queries()).hasSizeGreaterThanOrEqualTo(6);
    assertThat(results.manifest().corpus().documents()).isEqualTo(1500);

    Outcome recall =
        Outcome.of(
            "evaluate",
            "recall",
            Path.of(out, "run").toString(),
            "--corpus",
            Path.of(out, "dictionary.jsonl").toString(),
            "--count",
            "20",
            "--json",
            folder.resolve("ranks.json").toString());
    assertThat(recall.code()).as(recall.err()).isZero();
    assertThat(folder.resolve("ranks.json"))
        .content()
        .contains("\"ekfac\"", "\"identity\"", "average_precision", "\"recall\"");
    String ekfac = recall.out().lines().filter(l -> l.startsWith("| ekfac")).findFirst().orElse("");
    double topTen = Double.parseDouble(ekfac.split("\\|")[5].strip().split(" ")[0]);
    assertThat(topTen).as(recall.out()).isEqualTo(1);
  }
}
