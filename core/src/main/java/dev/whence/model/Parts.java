package dev.whence.model;

import dev.whence.model.Linear.Role;
import dev.whence.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** What architectures are built from: parameters by name and expected shape, made into layers. */
final class Parts {
  private final ParameterSource source;
  private final List<Linear> linears = new ArrayList<>();

  Parts(ParameterSource source) {
    this.source = source;
  }

  /** The linear layers made so far, in the order of their making: the forward order. */
  List<Linear> linears() {
    return List.copyOf(linears);
  }

  Tensor tensor(String name, long... shape) {
    return source.parameter(name, shape);
  }

  Linear linear(String name, Role role, int in, int out, boolean bias) {
    return add(
        new Linear(name, role, tensor(name + ".weight", out, in), false, bias(name, out, bias)));
  }

  /** GPT-2's linear layer, which stores its weight [in, out]. */
  Linear conv1d(String name, Role role, int in, int out) {
    return add(
        new Linear(name, role, tensor(name + ".weight", in, out), true, bias(name, out, true)));
  }

  /** The output head; a tied one shares the embedding's weight [vocabulary, width]. */
  Linear head(String name, int width, int vocabulary, Optional<Tensor> tied) {
    Tensor weight = tied.orElseGet(() -> tensor(name + ".weight", vocabulary, width));
    return add(new Linear(name, Role.HEAD, weight, false, Optional.empty()));
  }

  Norm rmsNorm(String name, int width, double epsilon) {
    return Norm.rms(tensor(name + ".weight", width), epsilon);
  }

  Norm layerNorm(String name, int width, double epsilon) {
    return Norm.layer(tensor(name + ".weight", width), tensor(name + ".bias", width), epsilon);
  }

  private Optional<Tensor> bias(String name, int out, boolean bias) {
    return bias ? Optional.of(tensor(name + ".bias", out)) : Optional.empty();
  }

  private Linear add(Linear linear) {
    linears.add(linear);
    return linear;
  }
}
