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
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Objects;

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
      IdentityHashMap<Tensor, Integer> firstReaders = new IdentityHashMap<>();
      List<Integer> leader = new ArrayList<>();
      for (int l = 0; l < layers.size(); l++) {
        if (trace.uses(l).isEmpty()) {
          throw new IllegalStateException("the model never uses layer " + layers.get(l).name());
        }
        if (trace.uses(l).size() > 1) {
          leader.add(l); // it reads several inputs, whose covariance is its own
        } else {
          Tensor input = trace.uses(l).getFirst().input();
          leader.add(Objects.requireNonNullElse(firstReaders.putIfAbsent(input, l), l));
        }
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
}
