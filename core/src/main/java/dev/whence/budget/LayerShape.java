package dev.whence.budget;

/**
 * The size of a linear layer's gradient matrix.
 *
 * @param outputs rows
 * @param inputs columns, one more with a bias
 */
public record LayerShape(String name, int outputs, int inputs) {
  /** The rank of a product that stands for the matrix: the wanted one, or less. */
  public int rank(int wanted) {
    return Math.min(wanted, Math.min(outputs, inputs));
  }

  /** Numbers of the matrix. */
  public long elements() {
    return (long) outputs * inputs;
  }
}
