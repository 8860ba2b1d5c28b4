package dev.whence.lab.evaluation;

import dev.whence.curvature.Curvature;
import dev.whence.tensor.Scope;
import dev.whence.tensor.Tensor;
import dev.whence.tensor.Tensors;
import dev.whence.trace.Trace;
import java.util.ArrayList;
import java.util.List;

/**
 * Scores sequences by sketches of their gradients, as they are traced, without keeping the
 * sketches. Close it after use.
 */
final class SketchedScores implements AutoCloseable {
  private final List<Curvature> curvatures;
  private final List<Kept> kept;

  /**
   * A sketch, and what has come of it.
   *
   * @param bits that a number is rounded to: 1, or 32 for none
   * @param queries of each layer, [queries, kept]
   * @param scores [queries][sequences]
   */
  record Kept(GradientSketch sketch, int bits, List<Tensor> queries, float[][] scores) {
    /** Bytes of a sequence: its numbers, and with signs a scale of two bytes a layer. */
    double bytes() {
      double bytes = 0;
      for (Tensor ofLayer : queries) {
        bytes += bits == 1 ? Math.ceilDiv(ofLayer.size(1), 8) + 2 : 4.0 * ofLayer.size(1);
      }
      return bytes;
    }

    Tensor of(int layer, Tensor coordinates) {
      Tensor numbers = sketch.of(layer, coordinates);
      return bits == 1 ? GradientSketch.rounded(numbers) : numbers;
    }
  }

  /**
   * A sketch to be looked at.
   *
   * @param bits of its numbers: 1 or 32
   */
  record Wanted(GradientSketch sketch, int bits) {}

  /**
   * Sketches the queries.
   *
   * @param curvatures of each layer; they stay the caller's
   * @param queries traced one by one
   */
  SketchedScores(
      List<Curvature> curvatures, List<Wanted> sketches, List<Trace> queries, int sequences) {
    this.curvatures = curvatures;
    this.kept = new ArrayList<>();
    for (Wanted wanted : sketches) {
      List<Tensor> byLayer = new ArrayList<>();
      for (int l = 0; l < curvatures.size(); l++) {
        int layer = l;
        byLayer.add(
            Scope.result(() ->
                    Tensors.cat(
                        queries.stream()
                            .map(q -> wanted.sketch.of(layer, coordinates(q, layer)))
                            .toList(),
                        0))
                .keep());
      }
      kept.add(new Kept(wanted.sketch, wanted.bits, byLayer, new float[queries.size()][sequences]));
    }
  }

  /** {@code (Lambda + lambda)^-1/2 * (Q_S^T D Q_A)}: [batch, out, in]. */
  private Tensor coordinates(Trace trace, int layer) {
    Curvature curvature = curvatures.get(layer);
    Tensor plain = Trace.sum(trace.uses(layer), curvature::coordinates);
    return plain.timesInPlace(halfInverse(curvature, plain));
  }

  private static Tensor halfInverse(Curvature curvature, Tensor like) {
    return curvature
        .divide(Tensors.ones(like.type(), like.device(), like.size(1), like.size(2)))
        .sqrt();
  }

  /** Scores the sequences of a batch. */
  void take(long[] places, Trace trace) {
    List<Tensor> sums = new ArrayList<>(); // of each sketch, [batch, queries]
    for (int l = 0; l < curvatures.size(); l++) {
      int layer = l;
      try (Scope _ = Scope.open()) {
        Tensor coordinates = coordinates(trace, layer);
        for (int k = 0; k < kept.size(); k++) {
          Kept one = kept.get(k);
          Tensor scores = one.of(layer, coordinates).matmul(one.queries.get(layer).t());
          if (layer == 0) {
            sums.add(scores.keep());
          } else {
            sums.get(k).plusInPlace(scores);
          }
        }
      }
    }
    for (int k = 0; k < kept.size(); k++) {
      try (Tensor sum = sums.get(k)) {
        Scores.put(kept.get(k).scores, places, sum);
      }
    }
  }

  List<Kept> kept() {
    return kept;
  }

  @Override
  public void close() {
    kept.forEach(one -> one.queries.forEach(Tensor::close));
  }

  /** Puts the scores of batches where they belong. */
  static final class Scores {
    private Scores() {}

    /** Puts [batch, queries] into [queries][sequences]. */
    static void put(float[][] scores, long[] places, Tensor batch) {
      float[] values = batch.toFloats();
      for (int b = 0; b < places.length; b++) {
        for (int q = 0; q < scores.length; q++) {
          scores[q][(int) places[b]] = values[b * scores.length + q];
        }
      }
    }
  }
}
