package dev.whence.lab.model;

import dev.whence.model.Linear;
import dev.whence.model.Tap;
import dev.whence.tensor.DType;
import dev.whence.tensor.Functions;
import dev.whence.tensor.Tensor;
import java.util.List;

/** A multilayer perceptron: linear layers with a nonlinearity between them. */
public final class Perceptron extends SmallModel {
  /** Between the layers. */
  public enum Nonlinearity {
    TANH,
    RELU;

    private Tensor apply(Tensor x) {
      return this == TANH ? Functions.tanh(x) : Functions.relu(x);
    }

    /** What a weight's variance is multiplied by, so that the signal keeps its own. */
    private double gain() {
      return this == TANH ? 1 : 2;
    }
  }

  private final Nonlinearity nonlinearity;

  /**
   * An untrained one.
   *
   * @param widths of what is read, of each hidden layer and of the output
   */
  public Perceptron(List<Integer> widths, Nonlinearity nonlinearity, long seed, DType type) {
    this(new Layers(seed, type), widths, nonlinearity);
  }

  private Perceptron(Layers layers, List<Integer> widths, Nonlinearity nonlinearity) {
    super(layers);
    this.nonlinearity = nonlinearity;
    for (int l = 0; l + 1 < widths.size(); l++) {
      double gain = l + 2 == widths.size() ? 1 : nonlinearity.gain();
      layers.linear("layer." + l, widths.get(l), widths.get(l + 1), gain);
    }
  }

  @Override
  public Tensor outputs(Tensor inputs, Tap tap) {
    List<Linear> linears = linears();
    Tensor x = inputs;
    for (Linear layer : linears.subList(0, linears.size() - 1)) {
      x = nonlinearity.apply(layer.apply(x, tap));
    }
    return linears.getLast().apply(x, tap);
  }
}
