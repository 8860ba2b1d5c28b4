package dev.whence.curvature;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.whence.tensor.DType;
import dev.whence.tensor.Device;
import dev.whence.tensor.Scope;
import dev.whence.tensor.Tensor;
import dev.whence.tensor.Tensors;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class EigenbasisTest {
  private static final int SIZE = 5;
  private static final long SEED = 11;

  @ParameterizedTest
  @ValueSource(ints = {1, 2, SIZE})
  void basisReconstructsTheCovarianceAndIsOrthonormal(int count) {
    Blocks blocks = new Blocks(SIZE, count);
    double[][] covariance = covariance(new Random(SEED), SIZE);
    try (Scope _ = Scope.open();
        Eigenbasis basis = basis(blocks, covariance)) {
      double[][] q = dense(basis);
      double[] values = basis.values().toDoubles();
      double[][] scaled = new double[SIZE][SIZE];
      for (int i = 0; i < SIZE; i++) {
        for (int j = 0; j < SIZE; j++) {
          scaled[i][j] = q[i][j] * values[j];
        }
      }
      near(
          "Q diag Q^T",
          Dense.times(scaled, Dense.transpose(q)),
          Dense.onlyBlocks(covariance, blocks));
      near(
          "Q^T Q",
          Dense.times(Dense.transpose(q), q),
          Dense.plusIdentity(new double[SIZE][SIZE], 1));
      for (int b = 0; b < count; b++) {
        for (int i = blocks.start(b) + 1; i < blocks.start(b + 1); i++) {
          assertThat(values[i]).as("ascending in block %d", b).isGreaterThan(values[i - 1]);
        }
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3})
  void rowsAndColumnsAndQAndItsTransposeAreNotSwapped(int count) {
    Random random = new Random(SEED);
    try (Scope _ = Scope.open();
        Eigenbasis basis = basis(new Blocks(SIZE, count), covariance(random, SIZE))) {
      double[][] q = dense(basis);
      double[][] qt = Dense.transpose(q);
      // Square, so that a swap of rows and columns is not caught by the shape.
      double[][] x = Dense.random(random, SIZE, SIZE);
      Tensor t = Dense.tensor(x);
      near("x Q", Dense.of(basis.rotate(t)), Dense.times(x, q));
      near("x Q^T", Dense.of(basis.restore(t)), Dense.times(x, qt));
      near("Q^T x", Dense.of(basis.rotateRows(t)), Dense.times(qt, x));
      near("Q x", Dense.of(basis.restoreRows(t)), Dense.times(q, x));
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2})
  void rotationsOfBatchesUndoEachOtherAndGoMatrixByMatrix(int count) {
    Random random = new Random(SEED);
    int out = 3;
    try (Scope _ = Scope.open();
        Eigenbasis activation = basis(new Blocks(SIZE, count), covariance(random, SIZE));
        Eigenbasis gradient = basis(new Blocks(out, count), covariance(random, out))) {
      double[][] numbers = Dense.random(random, 2 * out, SIZE);
      Tensor x = Tensors.of(Dense.flat(numbers), 2, out, SIZE);
      inverses(x, activation::rotate, activation::restore);
      inverses(x, gradient::rotateRows, gradient::restoreRows);
      Tensor rotated = gradient.rotateRows(activation.rotate(x));
      for (int b = 0; b < 2; b++) {
        Tensor alone = gradient.rotateRows(activation.rotate(x.select(0, b)));
        assertThat(Dense.error(rotated.select(0, b).toDoubles(), alone.toDoubles()))
            .isLessThan(1e-13);
      }
    }
  }

  private static void inverses(
      Tensor x, UnaryOperator<Tensor> rotate, UnaryOperator<Tensor> restore) {
    double[] before = x.toDoubles();
    Tensor rotated = rotate.apply(x);
    assertThat(Dense.error(rotated.toDoubles(), before)).as("it moves").isGreaterThan(0.01);
    assertThat(rotated.shape()).isEqualTo(x.shape());
    assertThat(Dense.error(restore.apply(rotated).toDoubles(), before)).isLessThan(1e-13);
    assertThat(x.toDoubles()).as("the argument is left alone").isEqualTo(before);
  }

  @Test
  void covarianceInFloat32IsDecomposedInFloat64() {
    // In float32 the small eigenvalues would be lost in the rounding of the large ones.
    int size = 20;
    double[][] rows = Dense.random(new Random(SEED), 3 * size, size);
    for (double[] row : rows) {
      Arrays.setAll(row, i -> row[i] * Math.pow(10, -i / 8.0));
    }
    try (Scope _ = Scope.open()) {
      Tensor single = Dense.tensor(Dense.meanOuterProduct(List.of(rows))).to(DType.FLOAT32);
      Blocks one = new Blocks(size, 1);
      try (Eigenbasis actual = Eigenbasis.of(one, List.of(single));
          Eigenbasis expected = Eigenbasis.of(one, List.of(single.to(DType.FLOAT64)))) {
        assertThat(actual.values().type()).isEqualTo(DType.FLOAT32);
        assertThat(actual.vectors().getFirst().type()).isEqualTo(DType.FLOAT32);
        double[] values = actual.values().toDoubles();
        double[] exact = expected.values().toDoubles();
        assertThat(exact[0] / exact[size - 1]).as("condition").isBetween(1e-6, 1e-4);
        for (int i = 0; i < size; i++) {
          assertThat(values[i] / exact[i]).as("%d, seed %d", i, SEED).isBetween(1 - 1e-6, 1 + 1e-6);
        }
      }
    }
  }

  @Test
  void covarianceThatIsNotFiniteIsRefused() {
    try (Scope _ = Scope.open()) {
      List<Tensor> covariance =
          List.of(
              Tensors.ones(DType.FLOAT64, Device.CPU, 1, 1),
              Tensors.of(new double[] {Double.NaN}, 1, 1));
      assertThatThrownBy(() -> Eigenbasis.of(new Blocks(2, 2), covariance).close())
          .isInstanceOf(ArithmeticException.class)
          .hasMessageContaining("not finite");
    }
  }

  /** A random positive definite matrix. */
  static double[][] covariance(Random random, int size) {
    return Dense.meanOuterProduct(List.of(Dense.random(random, 3 * size, size)));
  }

  /** The basis of a covariance's diagonal blocks; the caller closes it. */
  static Eigenbasis basis(Blocks blocks, double[][] covariance) {
    Tensor whole = Dense.tensor(covariance);
    List<Tensor> parts = new ArrayList<>();
    for (int b = 0; b < blocks.count(); b++) {
      parts.add(
          whole
              .narrow(0, blocks.start(b), blocks.length(b))
              .narrow(1, blocks.start(b), blocks.length(b)));
    }
    return Eigenbasis.of(blocks, parts);
  }

  /** Q as one matrix, zero outside its blocks. */
  static double[][] dense(Eigenbasis basis) {
    Blocks blocks = basis.blocks();
    double[][] q = new double[blocks.size()][blocks.size()];
    for (int b = 0; b < blocks.count(); b++) {
      double[][] block = Dense.of(basis.vectors().get(b));
      for (int i = 0; i < block.length; i++) {
        System.arraycopy(block[i], 0, q[blocks.start(b) + i], blocks.start(b), block.length);
      }
    }
    return q;
  }

  private static void near(String what, double[][] actual, double[][] expected) {
    assertThat(Dense.error(Dense.flat(actual), Dense.flat(expected)))
        .as("%s, seed %d", what, SEED)
        .isLessThan(1e-13);
  }
}
