package dev.whence.model;

import dev.whence.tensor.Functions;
import dev.whence.tensor.Tensor;
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

  /**
   * @param stored the weight as the checkpoint has it, [out, in], or [in, out] when {@code
   *     transposed}
   * @param bias [out]
   */
  Linear(String name, Role role, Tensor stored, boolean transposed, Optional<Tensor> bias) {
    this.name = name;
    this.role = role;
    this.stored = stored;
    this.transposed = transposed;
    this.bias = bias;
  }

  /** The module's name in the checkpoint: {@code model.layers.0.mlp.up_proj}. */
  public String name() {
    return name;
  }

  public Role role() {
    return role;
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
  Tensor apply(Tensor x, Tap tap) {
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
