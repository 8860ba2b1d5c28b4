package dev.whence.lab.solver;

import dev.whence.tensor.Scope;
import dev.whence.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BinaryOperator;
import java.util.function.UnaryOperator;

/**
 * A point, a change or a gradient in the space of some layers' weights.
 *
 * @param parts a matrix for each layer, [out, in(+1)]
 */
public record Weights(List<Tensor> parts) implements AutoCloseable {
  /** Zeros of this shape. */
  public Weights zeros() {
    return map(t -> t.times(0));
  }

  public Weights plus(Weights other) {
    return with(other, Tensor::plus);
  }

  public Weights times(double factor) {
    return map(t -> t.times(factor));
  }

  /** A copy, which belongs to the caller's scope. */
  public Weights copy() {
    return map(Tensor::copy);
  }

  /** {@code this += factor * other}. */
  public void add(Weights other, double factor) {
    for (int l = 0; l < parts.size(); l++) {
      parts.get(l).plusInPlace(other.parts.get(l), factor);
    }
  }

  /** {@code this *= factor}. */
  public void timesInPlace(double factor) {
    parts.forEach(part -> part.timesInPlace(factor));
  }

  /** The inner product over all layers. */
  public double dot(Weights other) {
    double sum = 0;
    try (Scope _ = Scope.open()) {
      for (int l = 0; l < parts.size(); l++) {
        sum += parts.get(l).times(other.parts.get(l)).sum().item();
      }
    }
    return sum;
  }

  public double norm() {
    return Math.sqrt(dot(this));
  }

  /** How many elements all layers have together. */
  public long elements() {
    return parts.stream().mapToLong(Tensor::elements).sum();
  }

  /** Takes the parts out of the caller's scope; whoever keeps them closes them. */
  public Weights keep() {
    parts.forEach(Tensor::keep);
    return this;
  }

  private Weights map(UnaryOperator<Tensor> function) {
    return new Weights(parts.stream().map(function).toList());
  }

  private Weights with(Weights other, BinaryOperator<Tensor> function) {
    List<Tensor> results = new ArrayList<>();
    for (int l = 0; l < parts.size(); l++) {
      results.add(function.apply(parts.get(l), other.parts.get(l)));
    }
    return new Weights(results);
  }

  @Override
  public void close() {
    parts.forEach(Tensor::close);
  }
}
