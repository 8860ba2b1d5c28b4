package dev.whence.model;

import dev.whence.budget.LayerShape;
import dev.whence.tensor.Autograd;
import dev.whence.tensor.Functions;
import dev.whence.tensor.Scope;
import dev.whence.tensor.Tensor;
import dev.whence.tensor.Tensors;
import java.util.List;
import java.util.Optional;

/** A linear layer {@code s = W a + b}: the unit in which curvature and influence are computed. */
public final class Linear {
  /** What a layer is for, which decides whether a {@link LayerSelection} takes it. */
  public enum Role {
    MLP,
    ATTENTION,
    HEAD
  }

  private final String name;
  private final Role role;
  private final Tensor stored;
  private final boolean transposed;
  private final Optional<Tensor> bias;
  private final boolean tied;

  /**
   * @param stored the weight as the checkpoint has it, [out, in], or [in, out] when {@code
   *     transposed}
   * @param bias [out]
   */
  Linear(String name, Role role, Tensor stored, boolean transposed, Optional<Tensor> bias) {
    this(name, role, stored, transposed, bias, false);
  }

  /**
   * @param tied whether the model uses the weight elsewhere too, as an embedding
   */
  Linear(
      String name,
      Role role,
      Tensor stored,
      boolean transposed,
      Optional<Tensor> bias,
      boolean tied) {
    this.name = name;
    this.role = role;
    this.stored = stored;
    this.transposed = transposed;
    this.bias = bias;
    this.tied = tied;
  }

  /**
   * A layer of a model that is not a checkpoint's.
   *
   * @param matrix the weight, with the bias as its last column if there is one: [out, in(+1)];
   *     shared with the caller, who may go on writing to it
   */
  public static Linear of(String name, Role role, Tensor matrix, boolean bias) {
    long in = matrix.size(1) - (bias ? 1 : 0);
    return new Linear(
        name,
        role,
        matrix.narrow(1, 0, in),
        false,
        bias ? Optional.of(matrix.select(1, in)) : Optional.empty());
  }

  /** Takes the weight and the bias out of the caller's scope; whoever keeps them closes them. */
  public Linear keep() {
    stored.keep();
    bias.ifPresent(Tensor::keep);
    return this;
  }

  /** Gives up what {@link #keep} took. */
  public void close() {
    stored.close();
    bias.ifPresent(Tensor::close);
  }

  /** The weight, with the bias as its last column if there is one: a copy, [out, in(+1)]. */
  public Tensor matrix() {
    Tensor weight = (transposed ? stored.t() : stored).detach();
    return bias.isPresent()
        ? Tensors.cat(List.of(weight, bias.get().detach().unsqueeze(1)), 1)
        : weight.copy();
  }

  /** Replaces the weight, and the bias, by those of a matrix as {@link #matrix} makes it. */
  public void assign(Tensor matrix) {
    Autograd.unrecorded(() -> write(stored, bias, matrix));
  }

  /**
   * Replaces the weight and the bias temporarily, unnoticed by {@link Autograd}: graphs that it has
   * recorded can be used again once the original weights are back. Until then they would give wrong
   * derivatives without a warning.
   */
  public void swapWeights(Tensor matrix) {
    try (Scope _ = Scope.open()) {
      write(Autograd.untracked(stored), bias.map(Autograd::untracked), matrix);
    }
  }

  private void write(Tensor to, Optional<Tensor> biasTo, Tensor matrix) {
    long in = stored.size(transposed ? 0 : 1);
    try (Scope _ = Scope.open()) {
      Tensor weight = matrix.narrow(1, 0, in);
      to.copyInPlace(transposed ? weight.t() : weight);
      biasTo.ifPresent(b -> b.copyInPlace(matrix.select(1, in)));
    }
  }

  /** The module's name in the checkpoint: {@code model.layers.0.mlp.up_proj}. */
  public String name() {
    return name;
  }

  public Role role() {
    return role;
  }

  /** Whether the model uses the weight elsewhere too, as an embedding. */
  public boolean isTied() {
    return tied;
  }

  public boolean hasBias() {
    return bias.isPresent();
  }

  /** Columns of the gradient matrix: the width of the input, and one more for a bias. */
  public int inputs() {
    return (int) stored.size(transposed ? 0 : 1) + (hasBias() ? 1 : 0);
  }

  /** Rows of the gradient matrix. */
  public int outputs() {
    return (int) stored.size(transposed ? 1 : 0);
  }

  public LayerShape shape() {
    return new LayerShape(name, outputs(), inputs());
  }

  /** The layer's output for {@code x} [.., in], which {@code tap} may see and replace. */
  public Tensor apply(Tensor x, Tap tap) {
    Tensor weight = transposed ? stored.t() : stored;
    Tensor s =
        bias.isPresent() ? Functions.linear(x, weight, bias.get()) : Functions.linear(x, weight);
    return tap.observe(this, x, s);
  }

  @Override
  public String toString() {
    return name + " [" + outputs() + ", " + inputs() + "]";
  }
}
