package dev.whence.model;

import dev.whence.tensor.Functions;
import dev.whence.tensor.Tensor;
import java.util.function.UnaryOperator;

/** The nonlinearity of an MLP. */
@FunctionalInterface
interface Activation extends UnaryOperator<Tensor> {

  /** The activation that a config names. */
  static Activation of(Config config, String key, String otherwise) {
    String name = config.text(key, otherwise);
    return switch (name) {
      case "silu", "swish" -> Functions::silu;
      case "gelu" -> Functions::gelu;
      case "gelu_new", "gelu_pytorch_tanh", "gelu_fast" -> Functions::geluTanh;
      case "relu" -> Functions::relu;
      case "tanh" -> Functions::tanh;
      default -> throw config.unsupported("the activation '" + name + "'");
    };
  }
}
