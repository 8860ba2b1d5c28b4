package dev.whence.lab.solver;

import dev.whence.model.LanguageModel;
import dev.whence.model.Linear;
import dev.whence.model.Model;
import dev.whence.model.Tap;
import dev.whence.tensor.DType;
import dev.whence.tensor.Device;
import dev.whence.tensor.Tensor;
import java.util.List;

/**
 * A language model without its head: its outputs are what the head reads, [batch, positions,
 * width]. As the logits are linear in them, the loss's second derivatives can be taken with respect
 * to them, and their width is much smaller than the vocabulary.
 */
public record Body(LanguageModel model) implements Model {
  /** The layer that makes logits. */
  public Linear head() {
    return model.head();
  }

  @Override
  public Tensor outputs(Tensor inputs, Tap tap) {
    return model.hidden(inputs, tap);
  }

  /** The layers of the language model, without the head. */
  @Override
  public List<Linear> linears() {
    Linear head = head();
    return model.linears().stream().filter(layer -> !layer.equals(head)).toList();
  }

  @Override
  public DType type() {
    return model.type();
  }

  @Override
  public Device device() {
    return model.device();
  }
}
