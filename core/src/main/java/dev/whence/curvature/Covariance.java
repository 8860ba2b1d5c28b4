package dev.whence.curvature;

import dev.whence.tensor.DType;
import dev.whence.tensor.Device;
import dev.whence.tensor.LongSum;
import dev.whence.tensor.Scope;
import dev.whence.tensor.SymmetricProduct;
import dev.whence.tensor.Tensor;
import dev.whence.tensor.Tensors;
import java.util.ArrayList;
import java.util.List;

/**
 * The uncentred covariance of vectors, as a running sum of {@code x x^T} in diagonal blocks, the
 * lower triangle of each: A for a layer's inputs, S for its output gradients. Owns its blocks.
 */
public final class Covariance implements AutoCloseable {
  private final Blocks blocks;
  private final List<LongSum> sums;

  private Covariance(Blocks blocks, List<LongSum> sums) {
    this.blocks = blocks;
    this.sums = sums;
  }

  /** An empty sum of few vectors, which come in one chunk. */
  public static Covariance zero(Blocks blocks, DType type, Device device) {
    return zero(blocks, type, device, false);
  }

  /**
   * An empty sum.
   *
   * @param type of the vectors; float32 or better
   * @param severalChunks whether ranges of the corpus have more than one chunk
   */
  public static Covariance zero(Blocks blocks, DType type, Device device, boolean severalChunks) {
    Covariance covariance = new Covariance(blocks, new ArrayList<>());
    try {
      for (int b = 0; b < blocks.count(); b++) {
        covariance.sums.add(
            LongSum.zero(type, device, severalChunks, blocks.length(b), blocks.length(b)));
      }
      return covariance;
    } catch (RuntimeException | Error e) {
      covariance.close(); // nobody else could
      throw e;
    }
  }

  /** Adds the rows of {@code x} [.., n]; rows of zeros add nothing. */
  public void add(Tensor x) {
    Tensor rows = x.reshape(-1, blocks.size()); // [positions, n]
    for (int b = 0; b < blocks.count(); b++) {
      Tensor part = blocks.count() == 1 ? rows : rows.narrow(1, blocks.start(b), blocks.length(b));
      SymmetricProduct.accumulate(sums.get(b).chunk(), part);
    }
  }

  /**
   * Of each covariance whether all its sums are finite. A number that is not finite reaches the
   * diagonal, so that is looked at; the answers are read together.
   */
  public static boolean[] areFinite(List<Covariance> covariances) {
    try (Scope _ = Scope.open()) {
      List<List<Tensor>> diagonals =
          covariances.stream()
              .map(c -> c.sums.stream().flatMap(LongSum::parts).map(Tensor::diagonal).toList())
              .toList();
      return Tensors.areAllFinite(diagonals);
    }
  }

  /** Whether nothing but zeros was added. */
  public boolean isZero() {
    try (Scope _ = Scope.open()) {
      return sums.stream()
          .flatMap(LongSum::parts)
          .allMatch(part -> part.diagonal().max().item() == 0);
    }
  }

  public Blocks blocks() {
    return blocks;
  }

  /** The sums themselves, the lower triangle of each block. */
  public List<LongSum> sums() {
    return sums;
  }

  /** The mean over {@code count} vectors, in a type: one matrix a block. */
  public List<Tensor> mean(long count, DType type) {
    return sums.stream()
        .map(sum ->
            Scope.result(() -> {
              // Divided in float64, then mirrored in what may be a smaller type.
              double divisor = Math.max(1, count);
              return SymmetricProduct.whole(Scope.result(() -> sum.total().over(divisor).to(type)));
            }))
        .toList();
  }

  /**
   * The eigenbasis of the mean over {@code count} vectors; the caller closes it.
   *
   * @throws ArithmeticException when a block is not finite
   */
  public Eigenbasis eigenbasis(long count, DType type) {
    return Eigenbasis.of(
        blocks, sums.stream().map(LongSum::total).toList(), 1.0 / Math.max(1, count), type);
  }

  @Override
  public void close() {
    sums.forEach(LongSum::close);
  }
}
