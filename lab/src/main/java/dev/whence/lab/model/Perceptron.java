package dev.whence.lab.model;

import dev.whence.model.Linear;
import dev.whence.model.Tap;
import dev.whence.tensor.DType;
import dev.whence.tensor.Functions;
import dev.whence.tensor.Tensor;
import java.util.List;

/** A multilayer perceptron: linear layers with a nonlinearity between them. */
public final class Perceptron extends SmallModel {
  /** The elementwise function between two layers. */
  public enum Nonlinearity {
    TANH,
    RELU;

    private Tensor apply(Tensor x) {
      return this == TANH ? Functions.tanh(x) : Functions.relu(x);
    }

    /** The factor on the initial weights' variance that preserves the variance of the signal. */
    private double gain() {
      return this == TANH ? 1 : 2;
    }
  }

  private final Nonlinearity nonlinearity;

  /**
   * Makes an untrained perceptron.
   *
   * @param widths of the input, of each hidden layer and of the output
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
