package dev.whence.lab.retraining;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Measures the sum of the weights of the examples that it sees, with noise, and minus the sum
 * without noise.
 */
final class SumRecipe implements Recipe {
  static final int SIZE = 40;

  final List<Long> seeds = new ArrayList<>();
  private final double noise;
  int failAt = -1;

  SumRecipe(double noise) {
    this.noise = noise;
  }

  static double weight(long place) {
    return Math.sin(place * 1.7);
  }

  @Override
  public String identity() {
    return "sum";
  }

  @Override
  public long size() {
    return SIZE;
  }

  @Override
  public double[] measure(long[] places, long seed) {
    if (seeds.size() == failAt) {
      throw new IllegalStateException("cut off");
    }
    seeds.add(seed);
    double sum = Arrays.stream(places).mapToDouble(SumRecipe::weight).sum();
    return new double[] {sum + noise * new SplittableRandom(seed).nextGaussian(), -sum};
  }
}
