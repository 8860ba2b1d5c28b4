package dev.whence.trace;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.whence.tensor.DType;
import dev.whence.tensor.Device;
import dev.whence.tensor.Scope;
import dev.whence.tensor.Tensor;
import dev.whence.tensor.Tensors;
import dev.whence.trace.Targets.Sampled;
import dev.whence.trace.TokenBatch.Row;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class TargetsTest {
  private static final int POSITIONS = 50;

  @ParameterizedTest
  @EnumSource(
      value = DType.class,
      names = {"FLOAT32", "FLOAT64"})
  void drawsAreAsFrequentAsTheyAreProbable(DType type) {
    double[] p = {0, 0.5, 0.3, 0, 0.15, 0.05, 0}; // never the first, the fourth and the last
    int rows = 400;
    long[] counts = new long[p.length];
    try (Scope _ = Scope.open()) {
      TokenBatch batch = batch(rows);
      Tensor each = Tensors.of(p, 1, 1, p.length).to(type).expand(rows, POSITIONS, p.length);
      for (long token :
          new Sampled(1, 0).choose(each.contiguous(), batch.targets(), batch.keys()).toLongs()) {
        counts[(int) token]++;
      }
    }
    double draws = (double) rows * POSITIONS;
    double chiSquare = 0;
    for (int v = 0; v < p.length; v++) {
      if (p[v] == 0) {
        assertThat(counts[v]).as("draws of token %d of probability zero", v).isZero();
      } else {
        chiSquare += Math.pow(counts[v] - draws * p[v], 2) / (draws * p[v]);
      }
    }
    // Three degrees of freedom: above 20 by chance once in 6,000 seeds.
    assertThat(chiSquare).as("chi-square of %s, seed 1", Arrays.toString(counts)).isLessThan(20);
  }

  @Test
  void eachPositionHasItsOwnDistribution() {
    try (Scope _ = Scope.open()) {
      TokenBatch batch = TokenBatch.of(List.of(row(3, 4), row(4, 3)), Device.CPU);
      double[] p = new double[2 * 3 * 4];
      int[] certain = {2, 0, 3, 1, 1, 0};
      for (int at = 0; at < 6; at++) {
        p[at * 4 + certain[at]] = 1;
      }
      assertThat(
              new Sampled(1, 0)
                  .choose(Tensors.of(p, 2, 3, 4), batch.targets(), batch.keys())
                  .toLongs())
          .containsExactly(2, 0, 3, 1, 1, 0);
    }
  }

  @Test
  void drawDoesNotDependOnWhatElseIsInTheBatch() {
    Random random = new Random(21); // seed 21
    int vocabulary = 30;
    double[][] p = new double[3][];
    int[] lengths = {9, 6, 4};
    for (int r = 0; r < 3; r++) {
      p[r] = random.doubles((long) POSITIONS * vocabulary, 0.01, 1).toArray();
    }
    try (Scope _ = Scope.open()) {
      long[] all = draw(new int[] {0, 1, 2}, lengths, p, vocabulary);
      long[] turned = draw(new int[] {2, 0, 1}, lengths, p, vocabulary);
      for (int r = 0; r < 3; r++) {
        int positions = lengths[r] - 1;
        long[] alone = draw(new int[] {r}, lengths, p, vocabulary);
        assertThat(Arrays.copyOf(alone, positions))
            .as("row %d, seed 21", r)
            .containsExactly(Arrays.copyOfRange(all, r * 8, r * 8 + positions))
            .containsExactly(
                Arrays.copyOfRange(turned, (r + 1) % 3 * 8, (r + 1) % 3 * 8 + positions));
      }
    }
  }

  /** The draws for some of three rows; row r has key r + 100 and distributions p[r]. */
  private static long[] draw(int[] order, int[] lengths, double[][] p, int vocabulary) {
    TokenBatch batch =
        TokenBatch.of(
            Arrays.stream(order).mapToObj(r -> row(r + 100, lengths[r])).toList(), Device.CPU);
    double[] probabilities = new double[order.length * batch.positions() * vocabulary];
    for (int b = 0; b < order.length; b++) {
      int width = batch.positions() * vocabulary;
      System.arraycopy(p[order[b]], 0, probabilities, b * width, width);
    }
    Tensor tensor = Tensors.of(probabilities, order.length, batch.positions(), vocabulary);
    return new Sampled(5, 1).choose(tensor, batch.targets(), batch.keys()).toLongs();
  }

  @Test
  void passesDrawAfreshFromEachOther() {
    try (Scope _ = Scope.open()) {
      int rows = 100;
      TokenBatch batch = batch(rows);
      Tensor coin = Tensors.ones(DType.FLOAT32, Device.CPU, rows, POSITIONS, 2).times(0.5);
      long[] one = new Sampled(1, 1).choose(coin, batch.targets(), batch.keys()).toLongs();
      assertThat(new Sampled(1, 1).choose(coin, batch.targets(), batch.keys()).toLongs())
          .isEqualTo(one);
      for (Sampled other : List.of(new Sampled(1, 2), new Sampled(2, 1))) {
        long[] two = other.choose(coin, batch.targets(), batch.keys()).toLongs();
        long agreed = 0;
        for (int i = 0; i < one.length; i++) {
          agreed += one[i] == two[i] ? 1 : 0;
        }
        // Independent coins agree half the time: 2,500 of 5,000, five deviations are 177.
        assertThat((double) agreed).as("%s", other).isCloseTo(2500, within(177.0));
      }
    }
  }

  @Test
  void mostProbableTokenIsNotAlwaysDrawn() {
    try (Scope _ = Scope.open()) {
      TokenBatch batch = batch(10);
      Tensor p = Tensors.of(new double[] {0.6, 0.4}, 1, 1, 2).expand(10, POSITIONS, 2).contiguous();
      long others =
          Arrays.stream(new Sampled(1, 0).choose(p, batch.targets(), batch.keys()).toLongs()).sum();
      assertThat(others).isBetween(145L, 255L); // 200 of 500, five deviations
    }
  }

  @Test
  void givenTargetsAreTheDatas() {
    try (Scope _ = Scope.open()) {
      TokenBatch batch = TokenBatch.of(List.of(Row.whole(new int[] {4, 5, 6}, 0)), Device.CPU);
      Tensor p = Tensors.ones(DType.FLOAT32, Device.CPU, 1, 2, 8);
      assertThat(new Targets.Given().choose(p, batch.targets(), batch.keys()).toLongs())
          .containsExactly(5, 6);
    }
  }

  private static TokenBatch batch(int rows) {
    Row[] all = new Row[rows];
    Arrays.setAll(all, r -> row(r, POSITIONS + 1));
    return TokenBatch.of(List.of(all), Device.CPU);
  }

  private static Row row(long key, int length) {
    return Row.whole(new int[length], key);
  }
}
