package dev.whence.lab.retraining;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.whence.InvalidInputException;
import dev.whence.Progress;
import dev.whence.lab.evaluation.Agreement;
import dev.whence.lab.evaluation.DatamodelingScore;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SubsetBankTest {
  /** A noise that is small beside the sums, which differ by about 2. */
  private static final double LITTLE = 0.01;

  @TempDir private Path folder;

  private SubsetBank bank(SumRecipe recipe, int subsets) {
    return SubsetBank.of(recipe, subsets, 2, 5, folder.resolve("bank.json"), Progress.NONE);
  }

  @Test
  void trueInfluencesScoreOneAndOppositeOnesMinusOne() {
    SubsetBank bank = bank(new SumRecipe(LITTLE), 30);
    double[][] influence = new double[2][40];
    for (int i = 0; i < 40; i++) {
      influence[0][i] = SumRecipe.weight(i);
      influence[1][i] = SumRecipe.weight(i);
    }
    assertThat(DatamodelingScore.of(bank, new double[][] {influence[0], negative(influence[0])}))
        .extracting(a -> a.spearman().mean())
        .satisfies(mean -> assertThat(mean).isGreaterThan(0.99));
    Agreement wrong = DatamodelingScore.of(bank, influence);
    assertThat(wrong.spearman().mean()).as("one right, one reversed").isBetween(-0.01, 0.01);
  }

  @Test
  void theCeilingIsWhatTheNoiseOfTrainingLeaves() {
    // The noise varies as much as the sums do, so two models of a half correlate at 1/2, and the
    // mean of two has a reliability of 2/3. The second measurement has no noise.
    SubsetBank bank = bank(new SumRecipe(spread()), 300);
    Agreement ceiling = DatamodelingScore.ceiling(bank);
    assertThat(ceiling.pearson().mean()).isCloseTo((Math.sqrt(2 / 3.0) + 1) / 2, within(0.03));
    assertThat(ceiling.pearson().high()).isLessThanOrEqualTo(1 + 1e-9);
    SubsetBank single =
        SubsetBank.of(new SumRecipe(LITTLE), 3, 1, 5, folder.resolve("single.json"), Progress.NONE);
    assertThatThrownBy(() -> DatamodelingScore.ceiling(single))
        .isInstanceOf(IllegalArgumentException.class);
  }

  /** The standard deviation of the sum over a random half. */
  private static double spread() {
    int n = SumRecipe.SIZE;
    double[] weights = IntStream.range(0, n).mapToDouble(SumRecipe::weight).toArray();
    double mean = Arrays.stream(weights).average().orElseThrow();
    double squares = Arrays.stream(weights).map(w -> (w - mean) * (w - mean)).sum();
    return Math.sqrt(squares * n / 4 / (n - 1));
  }

  private static double[] negative(double... x) {
    return Arrays.stream(x).map(v -> -v).toArray();
  }

  @Test
  void aBankThatWasCutOffGoesOnAndEndsTheSame() throws IOException {
    SumRecipe whole = new SumRecipe(LITTLE);
    SubsetBank expected = bank(whole, 6);
    byte[] file = Files.readAllBytes(folder.resolve("bank.json"));
    Files.delete(folder.resolve("bank.json"));
    SumRecipe cut = new SumRecipe(LITTLE);
    cut.failAt = 5;
    assertThatThrownBy(() -> bank(cut, 6)).hasMessage("cut off");
    SumRecipe rest = new SumRecipe(LITTLE);
    SubsetBank resumed = bank(rest, 6);
    assertThat(rest.seeds).hasSize(12 - 5);
    assertThat(Files.readAllBytes(folder.resolve("bank.json"))).isEqualTo(file);
    for (int s = 0; s < 6; s++) {
      assertThat(resumed.measured(s)).isEqualTo(expected.measured(s));
      assertThat(resumed.subset(s)).hasSize(20).isSorted().isEqualTo(expected.subset(s));
    }
    assertThat(whole.seeds).doesNotHaveDuplicates();
  }

  @Test
  void anotherRecipesBankIsRefused() throws IOException {
    SubsetBank _ = bank(new SumRecipe(LITTLE), 2);
    assertThatThrownBy(() ->
            SubsetBank.of(
                new SumRecipe(LITTLE), 2, 3, 5, folder.resolve("bank.json"), Progress.NONE))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("other models");
    for (String broken :
        List.of(
            "{",
            "{}",
            "{\"identity\": \"sum\"}",
            "{\"identity\": \"sum\", \"measured\": [[1, 2], [3]]}",
            "{\"identity\": \"sum\", \"measured\": [null]}")) {
      Files.writeString(folder.resolve("bank.json"), broken);
      assertThatThrownBy(() -> bank(new SumRecipe(LITTLE), 2))
          .as(broken)
          .isInstanceOf(InvalidInputException.class)
          .hasMessageContaining("damaged");
    }
  }
}
