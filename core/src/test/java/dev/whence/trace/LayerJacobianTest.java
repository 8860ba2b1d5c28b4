package dev.whence.trace;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.whence.model.RandomTensors;
import dev.whence.tensor.DType;
import dev.whence.tensor.Device;
import dev.whence.tensor.Scope;
import dev.whence.tensor.Tensor;
import dev.whence.tensor.Tensors;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Outer products against the rows that they stand for, formed. */
class LayerJacobianTest {
  private static final long SEED = 4;
  private static final int EXAMPLES = 3;
  private static final int ROWS = 2;
  private static final int OUT = 4;
  private static final int IN = 5;

  private static LayerJacobian.Outer outer(Random random) {
    return new LayerJacobian.Outer(
        RandomTensors.of(random, EXAMPLES, ROWS, OUT), RandomTensors.of(random, EXAMPLES, IN));
  }

  private static void assertSame(Tensor actual, Tensor expected) {
    assertThat(actual.shape()).isEqualTo(expected.shape());
    assertThat(actual.toDoubles()).containsExactly(expected.toDoubles(), within(1e-12));
  }

  @Test
  void rowsThatAreNotFormedActAsThoseThatAre() {
    Random random = new Random(SEED);
    try (Scope _ = Scope.open()) {
      LayerJacobian.Outer outer = outer(random);
      LayerJacobian.Whole whole = new LayerJacobian.Whole(outer.dense(), OUT, IN);
      for (int n = 0; n < EXAMPLES; n++) {
        for (int r = 0; r < ROWS; r++) {
          Tensor product =
              outer
                  .gradients()
                  .select(0, n)
                  .select(0, r)
                  .unsqueeze(1)
                  .matmul(outer.inputs().select(0, n).unsqueeze(0));
          assertSame(outer.dense().select(0, n).select(0, r), product.reshape(-1));
        }
      }
      Tensor v = RandomTensors.of(random, OUT, IN);
      assertSame(outer.forward(v), whole.forward(v));
      Tensor u = RandomTensors.of(random, EXAMPLES * ROWS);
      assertSame(outer.backward(u), whole.backward(u));
      assertSame(gram(outer), gram(whole));
      Tensor mixing = RandomTensors.of(random, EXAMPLES, ROWS, ROWS);
      assertSame(outer.combined(mixing::bmm).dense(), whole.combined(mixing::bmm).dense());
    }
  }

  @Test
  void batchesOneAfterTheOther() {
    Random random = new Random(SEED);
    try (Scope _ = Scope.open()) {
      LayerJacobian a = outer(random);
      LayerJacobian b = outer(random);
      Tensor v = RandomTensors.of(random, OUT, IN);
      Tensor expected = Tensors.cat(List.of(a.forward(v), b.forward(v)), 0);
      assertSame(LayerJacobian.cat(List.of(a, b)).forward(v), expected);
      List<LayerJacobian> formed =
          List.of(
              new LayerJacobian.Whole(a.dense(), OUT, IN),
              new LayerJacobian.Whole(b.dense(), OUT, IN));
      assertSame(LayerJacobian.cat(formed).forward(v), expected);
      assertSame(LayerJacobian.cat(List.of(a, formed.get(1))).forward(v), expected);
    }
  }

  private static Tensor gram(LayerJacobian layer) {
    Tensor sum = Tensors.zeros(DType.FLOAT64, Device.CPU, EXAMPLES * ROWS, EXAMPLES * ROWS).plus(1);
    layer.addGram(sum);
    return sum;
  }
}
