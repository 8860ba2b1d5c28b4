package dev.whence.lab.evaluation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.whence.tensor.Scope;
import dev.whence.tensor.Tensor;
import dev.whence.tensor.Tensors;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class GradientSketchTest {
  private static final int BATCH = 3;
  private static final int OUT = 6;
  private static final int IN = 5;

  private final Random random = new Random(11);

  @Test
  void transformIsTheHadamardMatrix() {
    float[] x = new float[16];
    for (int i = 0; i < x.length; i++) {
      x[i] = random.nextInt(-9, 10);
    }
    float[] expected = new float[16];
    for (int row = 0; row < 16; row++) {
      for (int column = 0; column < 16; column++) {
        expected[row] += Integer.bitCount(row & column) % 2 == 0 ? x[column] : -x[column];
      }
    }
    float[] transformed = x.clone();
    GradientSketch.Hadamard.transform(transformed);
    assertThat(transformed).isEqualTo(expected);
  }

  @Test
  void hadamardOfAsManyAsThereAreKeepsProducts() {
    try (Scope _ = Scope.open()) {
      Tensor x = coordinates();
      Tensor y = coordinates();
      GradientSketch.Hadamard all = new GradientSketch.Hadamard("all", 32, 5);
      double[] products = all.of(0, x).times(all.of(0, y)).sum(1).toDoubles();
      double[] exact = x.times(y).sum(2).sum(1).toDoubles();
      for (int b = 0; b < BATCH; b++) {
        assertThat(products[b]).isCloseTo(exact[b], within(1e-5));
      }
    }
  }

  @Test
  void truncationKeepsTheCoordinatesOfLargestEigenvalue() {
    try (Scope _ = Scope.open()) {
      Tensor x = coordinates();
      double[] inverses = random.doubles(OUT * IN, 1, 2).toArray();
      GradientSketch.Truncation four =
          GradientSketch.Truncation.of("four", List.of(Tensors.of(inverses, OUT, IN)), 4);
      double[] kept = four.of(0, x).toDoubles();
      double limit = Arrays.stream(inverses).sorted().toArray()[3];
      double[] values = x.toDoubles();
      for (int b = 0; b < BATCH; b++) {
        int row = b;
        double[] expected = new double[4];
        int found = 0;
        for (int i = 0; i < OUT * IN; i++) {
          if (inverses[i] <= limit) {
            expected[found++] = values[row * OUT * IN + i];
          }
        }
        assertThat(Arrays.stream(kept, b * 4, b * 4 + 4).sorted().toArray())
            .isEqualTo(Arrays.stream(expected).sorted().toArray());
      }
    }
  }

  @Test
  void factorsOfLargestEigenvalueAreACornerOfTheCoordinates() {
    try (Scope _ = Scope.open()) {
      Tensor x = coordinates();
      GradientSketch.Factored corner =
          GradientSketch.Factored.largest("corner", List.of(x.select(0, 0)), 2, 3);
      double[] kept = corner.of(0, x).toDoubles();
      double[] expected =
          x.narrow(1, OUT - 2, 2).narrow(2, IN - 3, 3).contiguous().toDoubles(); // ascending
      assertThat(kept).isEqualTo(expected);
      corner.close();
    }
  }

  @Test
  void signsHaveTheMeanSizeOfTheNumbers() {
    try (Scope _ = Scope.open()) {
      Tensor numbers = Tensors.of(new float[] {1, -3, 0, 4}, 1, 4);
      assertThat(GradientSketch.rounded(numbers).toFloats())
          .containsExactly(new float[] {2, -2, 0, 2}, within(1e-6f));
    }
  }

  private Tensor coordinates() {
    float[] values = new float[BATCH * OUT * IN];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return Tensors.of(values, BATCH, OUT, IN);
  }
}
