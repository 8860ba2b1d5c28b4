package dev.whence.fit;

import dev.whence.budget.LayerRanges.Range;
import dev.whence.model.LanguageModel;
import dev.whence.model.Linear;
import dev.whence.model.Model;
import dev.whence.tensor.Scope;
import dev.whence.tensor.Tensor;
import dev.whence.trace.Examples;
import dev.whence.trace.Targets;
import dev.whence.trace.TokenBatch;
import dev.whence.trace.Trace;
import java.util.ArrayList;
import java.util.List;

/**
 * Which tracked layers read the same input (gate and up; q, k and v), and so share one covariance A
 * and one decomposition. Found by running something through the model, not declared by it.
 *
 * @param leader for each layer, the first layer with the same input: itself, when it is that one
 */
record InputGroups(List<Integer> leader) {

  static InputGroups of(LanguageModel model, List<Linear> layers) {
    try (Scope _ = Scope.open()) {
      return of(
          model,
          layers,
          TokenBatch.of(List.of(TokenBatch.Row.whole(new int[] {0, 0}, 0)), model.device()));
    }
  }

  /** Groups the layers of a model that reads what {@code probe} is an example of. */
  static InputGroups of(Model model, List<Linear> layers, Examples probe) {
    try (Scope _ = Scope.open()) {
      Trace trace = Trace.of(model, layers, probe, new Targets.Given());
      List<Tensor> inputs = new ArrayList<>();
      List<Integer> leader = new ArrayList<>();
      for (int l = 0; l < layers.size(); l++) {
        if (trace.uses(l).isEmpty()) {
          throw new IllegalStateException("the model never uses layer " + layers.get(l).name());
        }
        // A shared module reads several inputs; it leads a group of its own.
        Tensor input = trace.uses(l).getFirst().input();
        int first = trace.uses(l).size() > 1 ? -1 : indexOf(inputs, input);
        leader.add(first < 0 ? l : first);
        inputs.add(input);
      }
      return new InputGroups(leader);
    }
  }

  /** Groups that end where a range of layers ends: the first of a rest leads it. */
  InputGroups within(List<Range> ranges) {
    List<Integer> cut = new ArrayList<>();
    for (Range range : ranges) {
      for (int l = range.from(); l < range.to(); l++) {
        int first = leader.get(l);
        cut.add(
            first >= range.from()
                ? first
                : leader.subList(range.from(), l + 1).indexOf(first) + range.from());
      }
    }
    return new InputGroups(cut);
  }

  /** The layers of one of the ranges that the groups were cut to, counted from its beginning. */
  InputGroups of(Range range) {
    return new InputGroups(range.of(leader).stream().map(l -> l - range.from()).toList());
  }

  boolean leads(int layer) {
    return leader.get(layer) == layer;
  }

  @SuppressWarnings("ReferenceEquality") // the same tensor, not an equal one
  private static int indexOf(List<Tensor> tensors, Tensor wanted) {
    for (int i = 0; i < tensors.size(); i++) {
      if (tensors.get(i) == wanted) {
        return i;
      }
    }
    return -1;
  }
}
