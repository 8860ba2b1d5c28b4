package dev.whence.lab.solver;

import dev.whence.InvalidInputException;
import dev.whence.Progress;
import dev.whence.budget.MemoryBudget;
import dev.whence.model.LanguageModel;
import dev.whence.model.Model;
import dev.whence.tensor.DType;
import dev.whence.tensor.NativeMemory;
import dev.whence.tensor.Scope;
import dev.whence.tensor.Tensor;
import dev.whence.trace.Examples;
import dev.whence.trace.LayerJacobian;
import dev.whence.trace.Linearization;
import java.util.List;
import java.util.function.Consumer;

/**
 * The exact damped inverse, in float64 from derivatives in the model's own type. With {@code H = R
 * R^T} and the rows {@code B = R^T J} of all N examples, {@code G = B^T B / N}; of the systems with
 * {@code B^T B} and {@code B B^T} the smaller one is factored.
 */
public sealed interface ExactInverse extends InverseSolver, AutoCloseable
    permits DenseInverse, KernelInverse {
  /** How many matrices of the system's size forming and factoring hold at a time. */
  int MATRICES = 3;

  /** How many numbers the rows that are formed together may take, with all their copies. */
  long ROWS_AT_A_TIME = 1L << 28;

  /**
   * How many copies of the rows are held at a time: from autograd, stacked, in float64, combined.
   */
  int COPIES = 4;

  /**
   * Forms, damps and factors the smaller system; the caller closes it.
   *
   * @param memory that the inverse may take
   * @param progress over the examples
   * @throws InvalidInputException when the inverse would take more memory
   */
  static ExactInverse of(GaussNewton curvature, MemoryBudget memory, Progress progress) {
    long weights = curvature.weights();
    Sizes sizes =
        curvature
            .data()
            .fold(
                new Sizes(0, 0, 0, 0),
                (sum, batch) -> {
                  // Padded as all of the batch are.
                  List<LayerJacobian> first = rows(curvature, batch.narrow(0, 1));
                  long each = first.stream().mapToLong(LayerJacobian::elements).sum();
                  return sum.plus(batch.size(), first.getFirst().rows(), each);
                });
    boolean dense = weights < sizes.rows;
    double side = Math.min(weights, sizes.rows);
    long together = Math.max(1, ROWS_AT_A_TIME / (COPIES * sizes.widest));
    double numbers =
        MATRICES * side * side
            + COPIES * Math.min((double) together * sizes.widest, (double) sizes.stored)
            + (dense ? 0 : sizes.stored);
    double needed = Double.BYTES * numbers;
    if (needed > memory.bytes()) {
      throw new InvalidInputException(
          "the exact inverse of %,d weights and %,d outputs would take %,.1f GiB; take fewer examples, a smaller model, or conjugate gradient"
              .formatted(weights, sizes.rows, needed / (1L << 30)));
    }
    try (Progress.Stage stage =
        progress.begin("forming the exact inverse", sizes.examples, "examples")) {
      GaussNewton reported = curvature.reporting(stage);
      return dense ? DenseInverse.of(reported, together) : KernelInverse.of(reported, together);
    } finally {
      NativeMemory.giveBack(); // solving takes little
    }
  }

  /**
   * What of the data's rows decides the size of the inverse.
   *
   * @param stored numbers of all rows
   * @param widest numbers of one example's rows at most
   */
  record Sizes(long examples, long rows, long stored, long widest) {
    /** Adds examples that have so many rows and numbers each. */
    Sizes plus(long count, long rowsOfEach, long numbersOfEach) {
      return new Sizes(
          examples + count,
          rows + rowsOfEach * count,
          stored + numbersOfEach * count,
          Math.max(widest, numbersOfEach));
    }
  }

  /**
   * Goes through the rows of all data, those of {@code together} examples at a time.
   *
   * @return how many examples there are
   */
  static long forEach(GaussNewton curvature, long together, Consumer<List<LayerJacobian>> step) {
    return curvature
        .data()
        .count(batch -> {
          for (int first = 0; first < batch.size(); first += (int) together) {
            int count = (int) Math.min(together, batch.size() - first);
            try (Scope _ = Scope.open()) {
              step.accept(rows(curvature, batch.narrow(first, count)));
            }
          }
        });
  }

  /**
   * {@code R^T J} of a batch, layer by layer. For a language model J is the Jacobian of the head's
   * inputs, which are fewer than the logits.
   */
  static List<LayerJacobian> rows(GaussNewton curvature, Examples batch) {
    Model model = curvature.model();
    Examples examples = batch;
    if (model instanceof LanguageModel language) {
      Body body = new Body(language);
      model = body;
      examples = new HeadExamples(batch, body.head().matrix());
    }
    Linearization at = Linearization.of(model, curvature.layers(), examples);
    Tensor root = examples.lossHessianRoot(at.outputs()).to(DType.FLOAT64);
    long outputs = root.size(3);
    Tensor transposed = root.reshape(-1, outputs, outputs).transpose(1, 2); // by position
    return at.jacobian().stream()
        .map(layer -> layer.to(DType.FLOAT64))
        .map(layer ->
            layer.combined(
                j -> transposed.bmm(j.reshape(-1, outputs, j.size(2))).reshape(j.shape())))
        .toList();
  }

  @Override
  void close();
}
