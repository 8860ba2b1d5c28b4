package dev.whence.trace;

import dev.whence.tensor.DType;
import dev.whence.tensor.Tensor;
import dev.whence.tensor.Tensors;
import java.util.List;
import java.util.function.UnaryOperator;

/**
 * The columns of a Jacobian J that belong to one layer's weights: a row for every output of every
 * example. Where an example uses the layer at one position, a row is the outer product of the
 * gradient at the layer's output and the layer's input, and is never formed: a product of two rows
 * is that of their gradients times that of their inputs.
 */
public sealed interface LayerJacobian {
  /** J itself, [examples, rows, out * in]. */
  Tensor dense();

  /** Other rows, each made from the rows of the same example: [examples, rows, columns] to it. */
  LayerJacobian combined(UnaryOperator<Tensor> linear);

  /** In another precision. */
  LayerJacobian to(DType type);

  /** {@code sum += J J^T}, [examples * rows, examples * rows]. */
  void addGram(Tensor sum);

  /** {@code J v} for v [out, in]: [examples * rows]. */
  Tensor forward(Tensor v);

  /** {@code J^T u} for u [examples * rows]: [out, in]. */
  Tensor backward(Tensor u);

  /** How many examples. */
  default long examples() {
    return parts().getFirst().size(0);
  }

  /** How many rows, over all examples. */
  default long rows() {
    return examples() * parts().getFirst().size(1);
  }

  /** How many numbers are stored. */
  default long elements() {
    return parts().stream().mapToLong(Tensor::elements).sum();
  }

  /** Takes it out of the caller's scope; whoever keeps it closes it. */
  default LayerJacobian keep() {
    parts().forEach(Tensor::keep);
    return this;
  }

  /** Gives up what {@link #keep} took. */
  default void close() {
    parts().forEach(Tensor::close);
  }

  /** What it is made of, the rows first: [examples, rows, ..]. */
  List<Tensor> parts();

  /** Joins one layer's rows of several batches, one after the other. */
  static LayerJacobian cat(List<LayerJacobian> batches) {
    if (batches.stream().allMatch(batch -> batch instanceof Outer)) {
      return new Outer(cat(batches, 0), cat(batches, 1));
    }
    List<Whole> formed = batches.stream().map(LayerJacobian::whole).toList();
    Whole first = formed.getFirst();
    // Examples may have different numbers of rows.
    List<Tensor> rows = formed.stream().map(b -> b.flat().unsqueeze(0)).toList();
    return new Whole(Tensors.cat(rows, 1), first.out, first.in);
  }

  private static Tensor cat(List<LayerJacobian> batches, int part) {
    return Tensors.cat(batches.stream().map(batch -> batch.parts().get(part)).toList(), 0);
  }

  /** The rows with every product formed. */
  Whole whole();

  /**
   * Rows of a layer that each example uses at one position: outer products, not formed.
   *
   * @param gradients [examples, rows, out]
   * @param inputs [examples, in]
   */
  record Outer(Tensor gradients, Tensor inputs) implements LayerJacobian {
    @Override
    public Tensor dense() {
      Tensor products = // [examples, rows, out, in]
          gradients.unsqueeze(3).times(inputs.unsqueeze(1).unsqueeze(1));
      return products.reshape(gradients.size(0), gradients.size(1), -1);
    }

    @Override
    public Outer combined(UnaryOperator<Tensor> linear) {
      return new Outer(linear.apply(gradients), inputs);
    }

    @Override
    public Whole whole() {
      return new Whole(dense(), gradients.size(2), inputs.size(1));
    }

    @Override
    public Outer to(DType type) {
      return new Outer(gradients.to(type), inputs.to(type));
    }

    @Override
    public void addGram(Tensor sum) {
      long n = gradients.size(0);
      long rows = gradients.size(1);
      Tensor flat = gradients.reshape(n * rows, -1);
      Tensor products = flat.matmul(flat.t()).reshape(n, rows, n, rows);
      products.timesInPlace(inputs.matmul(inputs.t()).reshape(n, 1, n, 1));
      sum.plusInPlace(products.reshape(n * rows, n * rows));
    }

    @Override
    public Tensor forward(Tensor v) {
      return gradients.bmm(inputs.matmul(v.t()).unsqueeze(2)).reshape(-1);
    }

    @Override
    public Tensor backward(Tensor u) {
      Tensor weights = u.reshape(gradients.size(0), gradients.size(1), 1);
      return gradients.transpose(1, 2).bmm(weights).select(2, 0).t().matmul(inputs);
    }

    @Override
    public List<Tensor> parts() {
      return List.of(gradients, inputs);
    }
  }

  /**
   * Rows of any layer, formed.
   *
   * @param dense [examples, rows, out * in]
   */
  record Whole(Tensor dense, long out, long in) implements LayerJacobian {
    @Override
    public Whole combined(UnaryOperator<Tensor> linear) {
      return new Whole(linear.apply(dense), out, in);
    }

    @Override
    public Whole whole() {
      return this;
    }

    @Override
    public Whole to(DType type) {
      return new Whole(dense.to(type), out, in);
    }

    @Override
    public void addGram(Tensor sum) {
      sum.plusProductInPlace(flat(), flat().t());
    }

    @Override
    public Tensor forward(Tensor v) {
      return flat().matmul(v.reshape(-1, 1)).reshape(-1);
    }

    @Override
    public Tensor backward(Tensor u) {
      return u.reshape(1, -1).matmul(flat()).reshape(out, in);
    }

    @Override
    public List<Tensor> parts() {
      return List.of(dense);
    }

    private Tensor flat() {
      return dense.reshape(-1, out * in);
    }
  }
}
