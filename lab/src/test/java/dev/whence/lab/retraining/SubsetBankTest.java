package dev.whence.lab.retraining;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.whence.InvalidInputException;
import dev.whence.Progress;
import dev.whence.lab.evaluation.Agreement;
import dev.whence.lab.evaluation.DatamodelingScore;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SubsetBankTest {
  @TempDir private Path folder;

  /** Measures the sum of weights of the examples that it sees, and a little noise. */
  private static final class Sum implements Recipe {
    private final List<Long> seeds = new ArrayList<>();
    private int failAt = -1;

    @Override
    public String identity() {
      return "sum";
    }

    @Override
    public long size() {
      return 40;
    }

    @Override
    public double[] measure(long[] places, long seed) {
      if (seeds.size() == failAt) {
        throw new IllegalStateException("cut off");
      }
      seeds.add(seed);
      double noise = 0.01 * new Random(seed).nextGaussian();
      double sum = Arrays.stream(places).mapToDouble(SubsetBankTest::weight).sum();
      return new double[] {sum + noise, -sum};
    }
  }

  private static double weight(long place) {
    return Math.sin(place * 1.7);
  }

  private SubsetBank bank(Sum recipe, int subsets) {
    return SubsetBank.of(recipe, subsets, 2, 5, folder.resolve("bank.json"), Progress.NONE);
  }

  @Test
  void trueInfluencesScoreOneAndOppositeOnesMinusOne() {
    SubsetBank bank = bank(new Sum(), 30);
    double[][] influence = new double[2][40];
    for (int i = 0; i < 40; i++) {
      influence[0][i] = weight(i);
      influence[1][i] = weight(i);
    }
    assertThat(DatamodelingScore.of(bank, new double[][] {influence[0], negative(influence[0])}))
        .extracting(a -> a.spearman().mean())
        .satisfies(mean -> assertThat(mean).isGreaterThan(0.99));
    Agreement wrong = DatamodelingScore.of(bank, influence);
    assertThat(wrong.spearman().mean()).as("one right, one reversed").isBetween(-0.01, 0.01);
  }

  @Test
  void theCeilingIsWhatTheNoiseOfTrainingLeaves() {
    SubsetBank bank = bank(new Sum(), 200);
    // The first measurement has noise of 0.01 beside sums that differ by about 2; the second none.
    Agreement ceiling = DatamodelingScore.ceiling(bank);
    assertThat(ceiling.pearson().low()).isGreaterThan(0.999);
    assertThat(ceiling.pearson().high()).isLessThanOrEqualTo(1 + 1e-9);
    SubsetBank single =
        SubsetBank.of(new Sum(), 3, 1, 5, folder.resolve("single.json"), Progress.NONE);
    assertThatThrownBy(() -> DatamodelingScore.ceiling(single))
        .isInstanceOf(IllegalArgumentException.class);
  }

  private static double[] negative(double... x) {
    return Arrays.stream(x).map(v -> -v).toArray();
  }

  @Test
  void aBankThatWasCutOffGoesOnAndEndsTheSame() throws IOException {
    Sum whole = new Sum();
    SubsetBank expected = bank(whole, 6);
    byte[] file = Files.readAllBytes(folder.resolve("bank.json"));
    Files.delete(folder.resolve("bank.json"));
    Sum cut = new Sum();
    cut.failAt = 5;
    assertThatThrownBy(() -> bank(cut, 6)).hasMessage("cut off");
    Sum rest = new Sum();
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
    SubsetBank _ = bank(new Sum(), 2);
    assertThatThrownBy(
            () -> SubsetBank.of(new Sum(), 2, 3, 5, folder.resolve("bank.json"), Progress.NONE))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("other models");
    Files.writeString(folder.resolve("bank.json"), "{");
    assertThatThrownBy(() -> bank(new Sum(), 2))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("damaged");
  }
}
