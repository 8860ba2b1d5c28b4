package dev.whence.fit;

import dev.whence.curvature.Blocks;
import dev.whence.curvature.Covariance;
import dev.whence.model.Linear;
import dev.whence.tensor.DType;
import dev.whence.tensor.Device;
import dev.whence.tensor.Tensor;
import dev.whence.trace.Examples;
import dev.whence.trace.PassState;
import dev.whence.trace.Trace;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The first pass's sums: A for each distinct input, S for each layer (METHOD 2.1). */
final class Covariances implements PassState {
  private final List<Linear> layers;
  private final InputGroups groups;
  private final Map<Integer, Covariance> activation = new LinkedHashMap<>();
  private final List<Covariance> gradient = new ArrayList<>();
  private final long[] positions; // seen at each layer
  private long sequences;

  Covariances(List<Linear> layers, InputGroups groups, int blocks, DType type, Device device) {
    this.layers = layers;
    this.groups = groups;
    this.positions = new long[layers.size()];
    for (int l = 0; l < layers.size(); l++) {
      if (groups.leads(l)) {
        activation.put(
            l, Covariance.zero(new Blocks(layers.get(l).inputs(), blocks), type, device));
      }
      gradient.add(Covariance.zero(new Blocks(layers.get(l).outputs(), blocks), type, device));
    }
  }

  @Override
  public void add(Trace trace, Examples batch) {
    Optional<Long> padded = batch.real().map(real -> (long) real.sum().item());
    for (int l = 0; l < layers.size(); l++) {
      for (Trace.Use use : trace.uses(l)) {
        if (groups.leads(l)) {
          of(activation, l).add(use.input());
        }
        gradient.get(l).add(use.gradient());
      }
      Tensor input = trace.uses(l).getFirst().input();
      positions[l] += padded.orElse(input.size(0) * input.size(1));
    }
    sequences += batch.size();
  }

  /** What is wrong forward is so from its layer on, what is wrong backward from its layer down. */
  @Override
  public void requireFinite() {
    activation.forEach((l, sum) -> {
      if (!sum.isFinite()) {
        throw notFinite("inputs", l);
      }
    });
    for (int l = layers.size() - 1; l >= 0; l--) {
      if (!gradient.get(l).isFinite()) {
        throw notFinite("output gradients", l);
      }
    }
  }

  private ArithmeticException notFinite(String what, int layer) {
    return new ArithmeticException(
        "the %s of layer %s overflow or are not numbers; try --dtype float32 or float64"
            .formatted(what, layers.get(layer).name()));
  }

  /**
   * Looks for gradients that are all zero, as those below a type's smallest number are.
   *
   * @throws ArithmeticException naming the layer
   */
  void requireGradients() {
    for (int l = layers.size() - 1; l >= 0; l--) {
      if (positions[l] > 0 && gradient.get(l).isZero()) {
        throw new ArithmeticException(
            "the output gradients of layer %s are all zero: they underflow; try --dtype bfloat16 or float32"
                .formatted(layers.get(l).name()));
      }
    }
  }

  /** A's sum for a layer, which it may share with others. */
  Covariance activation(int layer) {
    return of(activation, groups.leader().get(layer));
  }

  Covariance gradient(int layer) {
    return gradient.get(layer);
  }

  /** Positions that a layer saw: the divisor of both means. */
  long positions(int layer) {
    return positions[layer];
  }

  long sequences() {
    return sequences;
  }

  @Override
  public Map<String, Tensor> tensors() {
    Map<String, Tensor> tensors = new LinkedHashMap<>();
    activation.forEach((l, sum) -> put(tensors, "activation." + layers.get(l).name(), sum));
    for (int l = 0; l < layers.size(); l++) {
      put(tensors, "gradient." + layers.get(l).name(), gradient.get(l));
    }
    return tensors;
  }

  private static void put(Map<String, Tensor> tensors, String name, Covariance sum) {
    for (int b = 0; b < sum.sums().size(); b++) {
      tensors.put(name + "." + b, sum.sums().get(b));
    }
  }

  private static Covariance of(Map<Integer, Covariance> map, int layer) {
    Covariance covariance = map.get(layer);
    if (covariance == null) {
      throw new IllegalStateException("no covariance for layer " + layer);
    }
    return covariance;
  }

  @Override
  public Map<String, Long> counts() {
    Map<String, Long> counts = new LinkedHashMap<>();
    for (int l = 0; l < layers.size(); l++) {
      counts.put("positions." + layers.get(l).name(), positions[l]);
    }
    counts.put("sequences", sequences);
    return counts;
  }

  @Override
  public void restoreCounts(Map<String, Long> counts) {
    for (int l = 0; l < layers.size(); l++) {
      positions[l] = counts.getOrDefault("positions." + layers.get(l).name(), 0L);
    }
    sequences = counts.getOrDefault("sequences", 0L);
  }

  @Override
  public void close() {
    activation.values().forEach(Covariance::close);
    gradient.forEach(Covariance::close);
  }
}
