package dev.whence.fit;

import dev.whence.budget.ModelShape;
import dev.whence.curvature.LayerFactors.Kronecker;
import dev.whence.model.Linear;
import dev.whence.tensor.DType;
import dev.whence.tensor.Device;
import dev.whence.tensor.LongSum;
import dev.whence.tensor.Tensor;
import dev.whence.tensor.Tensors;
import dev.whence.trace.Examples;
import dev.whence.trace.PassState;
import dev.whence.trace.Trace;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The second pass's sums over sequences of squared gradients: in the Kronecker eigenbases for
 * Lambda (Eq. 20), in the weights' own coordinates for the diagonal.
 */
final class SequenceSquares implements PassState {
  private final List<Linear> layers;
  private final List<Optional<Kronecker>> bases;
  private final List<LongSum> lambda = new ArrayList<>();
  private final List<LongSum> diagonal = new ArrayList<>();
  private final DType type;
  private long sequences;

  /**
   * Starts at zero.
   *
   * @param bases for each layer, present when Lambda is wanted
   * @param severalChunks whether ranges of the corpus have more than one chunk
   */
  SequenceSquares(
      List<Linear> layers,
      List<Optional<Kronecker>> bases,
      boolean wantDiagonal,
      DType type,
      Device device,
      boolean severalChunks) {
    this.layers = layers;
    this.bases = bases;
    this.type = type;
    try {
      for (int l = 0; l < layers.size(); l++) {
        Linear layer = layers.get(l);
        if (bases.get(l).isPresent()) {
          lambda.add(LongSum.zero(type, device, severalChunks, layer.outputs(), layer.inputs()));
        }
        if (wantDiagonal) {
          diagonal.add(LongSum.zero(type, device, severalChunks, layer.outputs(), layer.inputs()));
        }
      }
    } catch (RuntimeException | Error e) {
      close(); // nobody else could
      throw e;
    }
  }

  @Override
  public void add(Trace trace, Examples batch) {
    for (int l = 0; l < layers.size(); l++) {
      int layer = l;
      long elements = (long) layers.get(l).outputs() * layers.get(l).inputs();
      trace.slices(l, ModelShape.SLICE_ELEMENTS / elements, (_, uses) -> addSlice(layer, uses));
      trace.release(l);
    }
    sequences += batch.size();
  }

  private void addSlice(int layer, List<Trace.Use> uses) {
    Optional<Kronecker> basis = bases.get(layer);
    if (diagonal.isEmpty()) {
      basis.ifPresent(
          b -> addSquares(lambda.get(layer).chunk(), Trace.sum(uses, b::rotatedGradients)));
      return;
    }
    // The gradients are formed for the diagonal anyway: Lambda's are rotated from them.
    Tensor gradients = Trace.sequenceGradients(uses); // [batch, out, in]
    addSquares(diagonal.get(layer).chunk(), gradients);
    basis.ifPresent(b -> addSquares(lambda.get(layer).chunk(), b.rotate(gradients)));
  }

  /**
   * {@code sum += sum over the batch of x^2}. A sequence at a time: to square and then sum over the
   * first dimension takes several times as long.
   */
  private static void addSquares(Tensor sum, Tensor x) {
    for (long b = 0; b < x.size(0); b++) {
      Tensor gradient = x.select(0, b);
      sum.plusElementwiseInPlace(gradient, gradient, 1);
    }
  }

  @Override
  public void requireFinite() {
    List<List<Tensor>> parts = new ArrayList<>();
    for (int l = 0; l < layers.size(); l++) {
      int layer = l;
      parts.add(
          Stream.of(lambda, diagonal)
              .filter(sums -> !sums.isEmpty())
              .flatMap(sums -> sums.get(layer).parts())
              .toList());
    }
    boolean[] finite = Tensors.areAllFinite(parts);
    for (int l = 0; l < layers.size(); l++) {
      if (!finite[l]) {
        throw new ArithmeticException(
            "the squared gradients of layer %s overflow or are not numbers; try --dtype float32 or float64"
                .formatted(layers.get(l).name()));
      }
    }
  }

  /** Mean over sequences of the squared rotated gradient, if it was wanted: [out, in]. */
  Optional<Tensor> lambda(int layer) {
    return mean(lambda, layer);
  }

  /** Mean over sequences of the squared gradient, if it was wanted: [out, in]. */
  Optional<Tensor> diagonal(int layer) {
    return mean(diagonal, layer);
  }

  private Optional<Tensor> mean(List<LongSum> sums, int layer) {
    return sums.isEmpty()
        ? Optional.empty()
        : Optional.of(sums.get(layer).total().over((double) Math.max(1, sequences)).to(type));
  }

  long sequences() {
    return sequences;
  }

  @Override
  public Map<String, LongSum> sums() {
    Map<String, LongSum> sums = new LinkedHashMap<>();
    for (int l = 0; l < layers.size(); l++) {
      String name = layers.get(l).name();
      if (!lambda.isEmpty()) {
        sums.put("lambda." + name, lambda.get(l));
      }
      if (!diagonal.isEmpty()) {
        sums.put("diagonal." + name, diagonal.get(l));
      }
    }
    return sums;
  }

  @Override
  public Map<String, Long> counts() {
    return Map.of("sequences", sequences);
  }

  @Override
  public void restoreCounts(Map<String, Long> counts) {
    sequences = counts.getOrDefault("sequences", 0L);
  }

  @Override
  public void close() {
    lambda.forEach(LongSum::close);
    diagonal.forEach(LongSum::close);
  }
}
