package dev.whence.model;

import dev.whence.model.Linear.Role;
import dev.whence.tensor.DType;
import dev.whence.tensor.Device;
import dev.whence.tensor.Tensor;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What architectures are built from: parameters by name and expected shape, made into layers. */
final class Parts {
  private final ParameterSource source;
  private final DType type;
  private final Device device;
  private final List<Linear> linears = new ArrayList<>();
  private final List<PositionTable> tables = new ArrayList<>();
  private final Map<Integer, CausalMask> masks = new HashMap<>();

  /**
   * Starts with no parts.
   *
   * @param type of the model
   * @param device of the model
   */
  Parts(ParameterSource source, DType type, Device device) {
    this.source = source;
    this.type = type;
    this.device = device;
  }

  /** Makes a table that depends on positions alone. */
  @FunctionalInterface
  interface TableMaker {
    Tensor table(int positions, DType type, Device device);
  }

  /** What depends on positions alone, in the model's type and on its device. */
  PositionTable positionTable(TableMaker maker) {
    PositionTable table = new PositionTable(n -> maker.table(n, type, device));
    tables.add(table);
    return table;
  }

  /**
   * The mask of causal attention, one for all layers of a window.
   *
   * @param window how many positions are seen, this one included
   */
  CausalMask causalMask(int window) {
    return masks.computeIfAbsent(
        window,
        _ ->
            new CausalMask(
                positionTable((n, type, device) -> CausalMask.table(n, window, type, device))));
  }

  /** All tables made so far. */
  List<PositionTable> positionTables() {
    return List.copyOf(tables);
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

  /**
   * The table of token embeddings, [vocabulary, width]. One that is tied to the head may be stored
   * under the head's name alone.
   */
  Tensor embedding(String name, String head, boolean tied, int vocabulary, int width) {
    boolean underTheHead = tied && !source.has(name + ".weight") && source.has(head + ".weight");
    return tensor((underTheHead ? head : name) + ".weight", vocabulary, width);
  }

  /**
   * The output head. One that the config ties shares the embedding's weight, unless the checkpoint
   * has other values for it: then those are the head's, as in transformers.
   */
  Linear head(String name, boolean tied, Tensor embedding) {
    String weight = name + ".weight";
    if (!tied || source.has(weight)) {
      Tensor own = tensor(weight, embedding.shape());
      if (!tied || !own.equalTo(embedding)) {
        return add(new Linear(name, Role.HEAD, own, false, Optional.empty()));
      }
      if (!isSame(own, embedding)) {
        source.forget(weight); // a copy would be trained and saved as a weight of its own
      }
    }
    return add(new Linear(name, Role.HEAD, embedding, false, Optional.empty(), true));
  }

  /** Whether the table of embeddings itself is stored under the head's name. */
  @SuppressWarnings("ReferenceEquality")
  private static boolean isSame(Tensor head, Tensor embedding) {
    return head == embedding;
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
