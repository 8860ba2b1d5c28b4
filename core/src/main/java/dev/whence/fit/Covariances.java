package dev.whence.fit;

import dev.whence.curvature.Blocks;
import dev.whence.curvature.Covariance;
import dev.whence.model.Linear;
import dev.whence.tensor.DType;
import dev.whence.tensor.Device;
import dev.whence.tensor.LongSum;
import dev.whence.trace.Examples;
import dev.whence.trace.PassState;
import dev.whence.trace.Trace;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The first pass's sums: A for each distinct input, S for each layer (METHOD 2.1). */
final class Covariances implements PassState {
  private final List<Linear> layers;
  private final InputGroups groups;
  private final Map<Integer, Covariance> activation = new LinkedHashMap<>();
  private final List<Covariance> gradient = new ArrayList<>();
  private final long[] positions; // seen at each layer
  private long sequences;
  private int released; // so many layers, from the first

  Covariances(
      List<Linear> layers,
      InputGroups groups,
      int blocks,
      DType type,
      Device device,
      boolean severalChunks) {
    this.layers = layers;
    this.groups = groups;
    this.positions = new long[layers.size()];
    try {
      for (int l = 0; l < layers.size(); l++) {
        if (groups.leads(l)) {
          activation.put(
              l,
              Covariance.zero(
                  new Blocks(layers.get(l).inputs(), blocks), type, device, severalChunks));
        }
        gradient.add(
            Covariance.zero(
                new Blocks(layers.get(l).outputs(), blocks), type, device, severalChunks));
      }
    } catch (RuntimeException | Error e) {
      close(); // nobody else could
      throw e;
    }
  }

  @Override
  public void add(Trace trace, Examples batch) {
    for (int l = 0; l < layers.size(); l++) {
      for (Trace.Use use : trace.uses(l)) {
        if (groups.leads(l)) {
          of(activation, l).add(use.input());
        }
        gradient.get(l).add(use.gradient());
        // Each use of a layer has vectors of its own, and both means are over all of them.
        positions[l] +=
            batch.real().isPresent()
                ? batch.realPositions()
                : use.input().size(0) * use.input().size(1);
      }
      trace.release(l);
    }
    sequences += batch.size();
  }

  /** What is wrong forward is so from its layer on, what is wrong backward from its layer down. */
  @Override
  public void requireFinite() {
    List<Covariance> all = new ArrayList<>(activation.values());
    all.addAll(gradient);
    boolean[] finite = Covariance.areFinite(all);
    List<Integer> leaders = List.copyOf(activation.keySet());
    for (int i = 0; i < leaders.size(); i++) {
      if (!finite[i]) {
        throw notFinite("inputs", leaders.get(i));
      }
    }
    for (int l = layers.size() - 1; l >= 0; l--) {
      if (!finite[leaders.size() + l]) {
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

  /** Positions that a layer saw, in all its uses: the divisor of both means. */
  long positions(int layer) {
    return positions[layer];
  }

  long sequences() {
    return sequences;
  }

  @Override
  public Map<String, LongSum> sums() {
    Map<String, LongSum> sums = new LinkedHashMap<>();
    activation.forEach((l, sum) -> put(sums, "activation." + layers.get(l).name(), sum));
    for (int l = 0; l < layers.size(); l++) {
      put(sums, "gradient." + layers.get(l).name(), gradient.get(l));
    }
    return sums;
  }

  private static void put(Map<String, LongSum> sums, String name, Covariance covariance) {
    for (int b = 0; b < covariance.sums().size(); b++) {
      sums.put(name + "." + b, covariance.sums().get(b));
    }
  }

  /** Gives up the buffers of all sums, when the pass is over. */
  void complete() {
    sums().values().forEach(LongSum::complete);
  }

  /**
   * Gives up a layer's sums once they are decomposed; an input's go with the last that reads it.
   */
  void release(int layer) {
    gradient.get(layer).close();
    int leader = groups.leader().get(layer);
    if (groups.leader().lastIndexOf(leader) == layer) {
      of(activation, leader).close();
    }
    released++;
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
    gradient.subList(released, gradient.size()).forEach(Covariance::close);
    activation.forEach((leader, covariance) -> {
      if (groups.leader().lastIndexOf(leader) >= released) {
        covariance.close();
      }
    });
  }
}
