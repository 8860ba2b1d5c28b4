package dev.whence.plan;

import dev.whence.budget.LayerShape;
import java.util.List;
import java.util.Set;

/**
 * Which layers read the same input, inferred from their names: a plan has no model to run. A fit
 * detects it by running two tokens through the model; a test compares the two.
 */
final class InputSharing {
  private static final List<Set<String>> SIBLINGS =
      List.of(Set.of("q_proj", "k_proj", "v_proj"), Set.of("gate_proj", "up_proj"));

  private InputSharing() {}

  /** Whether two layers read the same input. */
  static boolean shared(LayerShape a, LayerShape b) {
    return parent(a).equals(parent(b))
        && a.inputs() == b.inputs()
        && SIBLINGS.stream().anyMatch(s -> s.contains(last(a)) && s.contains(last(b)));
  }

  /** Whether a layer is the first of a list that reads its input. */
  static boolean leads(List<LayerShape> layers, int layer) {
    return layers.subList(0, layer).stream()
        .noneMatch(earlier -> shared(earlier, layers.get(layer)));
  }

  private static String parent(LayerShape layer) {
    return layer.name().substring(0, layer.name().length() - last(layer).length());
  }

  private static String last(LayerShape layer) {
    return layer.name().substring(layer.name().lastIndexOf('.') + 1);
  }
}
