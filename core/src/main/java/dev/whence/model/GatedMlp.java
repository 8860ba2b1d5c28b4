package dev.whence.model;

import dev.whence.model.Linear.Role;
import dev.whence.tensor.Tensor;

/** The gated MLP (Shazeer 2020): {@code down(activation(gate(x)) * up(x))}. */
record GatedMlp(Linear gate, Linear up, Activation activation, Linear down) {

  static GatedMlp of(Config config, Parts parts, String name) {
    int width = config.size("hidden_size");
    int inner = config.size("intermediate_size");
    boolean bias = config.flag("mlp_bias", false);
    return new GatedMlp(
        parts.linear(name + ".gate_proj", Role.MLP, width, inner, bias),
        parts.linear(name + ".up_proj", Role.MLP, width, inner, bias),
        Activation.of(config, "hidden_act", "silu"),
        parts.linear(name + ".down_proj", Role.MLP, inner, width, bias));
  }

  Tensor apply(Tensor x, Tap tap) {
    return down.apply(activation.apply(gate.apply(x, tap)).times(up.apply(x, tap)), tap);
  }
}
