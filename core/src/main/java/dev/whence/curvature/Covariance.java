package dev.whence.curvature;

import dev.whence.tensor.DType;
import dev.whence.tensor.Device;
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
  private final List<Tensor> sums;

  private Covariance(Blocks blocks, List<Tensor> sums) {
    this.blocks = blocks;
    this.sums = sums;
  }

  /** An empty sum; {@code type} should be float32 or better. */
  public static Covariance zero(Blocks blocks, DType type, Device device) {
    List<Tensor> sums = new ArrayList<>();
    try (Scope _ = Scope.open()) {
      for (int b = 0; b < blocks.count(); b++) {
        sums.add(Tensors.zeros(type, device, blocks.length(b), blocks.length(b)).keep());
      }
    }
    return new Covariance(blocks, sums);
  }

  /** Adds the rows of {@code x} [.., n]; rows of zeros add nothing. */
  public void add(Tensor x) {
    Tensor rows = x.reshape(-1, blocks.size()); // [positions, n]
    for (int b = 0; b < blocks.count(); b++) {
      Tensor part = blocks.count() == 1 ? rows : rows.narrow(1, blocks.start(b), blocks.length(b));
      SymmetricProduct.accumulate(sums.get(b), part);
    }
  }

  /**
   * Whether all sums are finite. A number that is not finite reaches the diagonal, so that is read.
   */
  public boolean isFinite() {
    try (Scope _ = Scope.open()) {
      return sums.stream().allMatch(sum -> sum.diagonal().isFinite());
    }
  }

  /** Whether nothing but zeros was added. */
  public boolean isZero() {
    try (Scope _ = Scope.open()) {
      return sums.stream().allMatch(sum -> sum.diagonal().max().item() == 0);
    }
  }

  public Blocks blocks() {
    return blocks;
  }

  /** The sums themselves, one lower triangle a block, for checkpoints. */
  public List<Tensor> sums() {
    return sums;
  }

  /** The mean over {@code count} vectors: one matrix a block. */
  public List<Tensor> mean(long count) {
    return sums.stream()
        .map(sum -> SymmetricProduct.whole(sum).over((double) Math.max(1, count)))
        .toList();
  }

  @Override
  public void close() {
    sums.forEach(Tensor::close);
  }
}
