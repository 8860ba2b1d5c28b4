package dev.whence.fit;

import static dev.whence.fit.SmallFits.SEED;
import static dev.whence.fit.SmallFits.SETTINGS;
import static dev.whence.fit.SmallFits.documents;
import static dev.whence.fit.SmallFits.error;
import static dev.whence.fit.SmallFits.only;
import static org.assertj.core.api.Assertions.assertThat;

import dev.whence.curvature.Fisher;
import dev.whence.run.RunFolder;
import dev.whence.run.Workbench;
import dev.whence.testing.TestDevice;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What must and what must not change the factors. */
@Tag(TestDevice.TAG)
class FitInvarianceTest {
  @TempDir private Path folder;

  @Test
  void batchSizeAndPaddingChangeNothing() {
    RunFolder expected = fits().fit("alone", SETTINGS.computing(c -> c.withBatchTokens(1)));
    RunFolder some = fits().fit("some", SETTINGS.computing(c -> c.withBatchTokens(50)));
    RunFolder all = fits().fit("all", SETTINGS.computing(c -> c.withBatchTokens(100_000)));
    assertThat(Workbench.names(folder.resolve("all"))).containsOnly("cache", "corpus.jsonl", "run");
    Workbench.assertSameFactors(some, expected, 1e-9);
    Workbench.assertSameFactors(all, expected, 1e-9);
  }

  @Test
  void orderOfTheCorpusChangesNothing() {
    List<String> ids = new ArrayList<>(documents().keySet());
    Collections.shuffle(ids, new Random(SEED));
    assertThat(ids).as("seed %d shuffles", SEED).isNotEqualTo(List.copyOf(documents().keySet()));
    Workbench.assertSameFactors(
        fits().fit("shuffled", only(ids), SETTINGS), fits().fit("ordered", SETTINGS), 1e-9);
  }

  @Test
  void sameFitTwiceIsTheSameToTheLastBit() {
    RunFolder once = fits().fit("once", SETTINGS);
    RunFolder again = fits().fit("again", SETTINGS);
    assertThat(Workbench.contents(again.path().resolve("factors")))
        .hasSize(2)
        .isEqualTo(Workbench.contents(once.path().resolve("factors")));
  }

  @Test
  void seedAndKindOfFisherMoveGradientsButNotInputs() {
    RunFolder zero = fits().fit("zero", SETTINGS);
    RunFolder one = fits().fit("one", seeded(1));
    RunFolder empirical = fits().fit("empirical", SETTINGS.withFisher(Fisher.EMPIRICAL));
    for (RunFolder other : List.of(one, empirical)) {
      for (String name : List.of("gradient_covariance", "lambda", "diagonal")) {
        assertThat(error(other, zero, name)).as("%s of %s", name, other.path()).isGreaterThan(0.01);
      }
      assertThat(error(other, zero, "activation_covariance")).isLessThan(1e-12);
    }
    assertThat(error(one, empirical, "gradient_covariance")).isGreaterThan(0.01);
  }

  private static FitSettings seeded(long seed) {
    return SETTINGS.withSeed(seed);
  }

  private SmallFits fits() {
    return new SmallFits(folder);
  }
}
