package dev.whence.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;

class ParallelTest {
  @Test
  void piecesComeBackInTheirOrder() {
    try (Scope _ = Scope.open()) {
      Tensor shared = Tensors.of(new double[] {1, 2}, 2);
      List<Callable<List<Tensor>>> pieces = new ArrayList<>();
      for (int i = 0; i < 20; i++) {
        double factor = i;
        pieces.add(() -> List.of(shared.times(factor), shared.plus(factor)));
      }
      List<List<Tensor>> done = Parallel.run(pieces);
      for (int i = 0; i < 20; i++) {
        assertThat(done.get(i).get(0).toDoubles()).containsExactly(i, 2.0 * i);
        assertThat(done.get(i).get(1).toDoubles()).containsExactly(1 + i, 2 + i);
      }
      done.forEach(tensors -> tensors.forEach(Tensor::close));
    }
  }

  @Test
  void oneFailureIsTheCallersAndLeavesNothing() {
    // The leak detector looks at what the other pieces made.
    List<Callable<List<Tensor>>> pieces =
        IntStream.range(0, 6)
            .<Callable<List<Tensor>>>mapToObj(i ->
                () -> {
                  Tensor made = Tensors.zeros(DType.FLOAT32, Device.CPU, 3);
                  if (i == 3) {
                    throw new ArithmeticException("piece " + i);
                  }
                  return List.of(made);
                })
            .toList();
    assertThatThrownBy(() -> Parallel.run(pieces))
        .isInstanceOf(ArithmeticException.class)
        .hasMessage("piece 3");
  }

  @Test
  void aPieceHasOneCoreAndItsCallerAllOfThem() {
    List<Integer> inside = new ArrayList<>();
    Parallel.run(
        List.of(() -> {
          inside.add(torch.get_num_threads());
          return List.of();
        }));
    assertThat(inside).containsExactly(1);
    assertThat(torch.get_num_threads()).isEqualTo(Parallel.cores());
  }

  /** As a product does that is made while a batch is traced in slices. */
  @Test
  void piecesMayRunPiecesOfTheirOwn() {
    try (Scope _ = Scope.open()) {
      Tensor shared = Tensors.of(new double[] {1, 2}, 2);
      List<Callable<List<Tensor>>> outer = new ArrayList<>();
      for (int i = 0; i < 2 * Parallel.cores() + 1; i++) {
        double factor = i;
        outer.add(() -> {
          List<List<Tensor>> inner =
              Parallel.run(
                  List.of(() -> List.of(shared.times(factor)), () -> List.of(shared.plus(factor))));
          Tensor sum = inner.get(0).getFirst().plus(inner.get(1).getFirst());
          inner.forEach(tensors -> tensors.forEach(Tensor::close));
          return List.of(sum);
        });
      }
      List<List<Tensor>> done = Parallel.run(outer);
      for (int i = 0; i < done.size(); i++) {
        assertThat(done.get(i).getFirst().toDoubles()).containsExactly(2.0 * i + 1, 3.0 * i + 2);
      }
      done.forEach(tensors -> tensors.forEach(Tensor::close));
    }
  }
}
