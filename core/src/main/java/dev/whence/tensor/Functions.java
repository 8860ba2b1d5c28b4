package dev.whence.tensor;

import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.StringViewOptional;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;

/** The functions that neural networks are made of. All are differentiable. */
public final class Functions {
  private Functions() {}

  /** {@code x W^T}, for x [.., in] and W [out, in]. */
  public static Tensor linear(Tensor x, Tensor weight) {
    return MultiplyAdds.noted(Tensor.of(torch.linear(x.raw, weight.raw)), weight.raw.size(1));
  }

  /** {@code x W^T + b}, for x [.., in], W [out, in] and b [out], which counts as one more input. */
  public static Tensor linear(Tensor x, Tensor weight, Tensor bias) {
    return MultiplyAdds.noted(
        Tensor.of(torch.linear(x.raw, weight.raw, bias.raw)), weight.raw.size(1) + 1);
  }

  /** Rows of {@code table} [n, d] at {@code indices} [..]: [.., d]. */
  public static Tensor embedding(Tensor indices, Tensor table) {
    return Tensor.of(torch.embedding(table.raw, indices.raw));
  }

  /**
   * {@code x / sqrt(mean(x^2) + epsilon) * weight} over the last dimension. The norm is computed in
   * float32 or the type of x, whichever is wider.
   */
  public static Tensor rmsNorm(Tensor x, Tensor weight, double epsilon) {
    Tensor y = x.to(x.type().accumulator());
    Tensor meanSquare =
        Tensor.of(y.raw.pow(new Scalar(2)).mean(new long[] {-1}, true, new ScalarTypeOptional()));
    Tensor normalised = y.times(Tensor.of(meanSquare.plus(epsilon).raw.rsqrt()));
    return weight.times(normalised.to(x.type()));
  }

  /** {@code (x - mean) / sqrt(variance + epsilon) * weight + bias} over the last dimension. */
  public static Tensor layerNorm(Tensor x, Tensor weight, Tensor bias, double epsilon) {
    return Tensor.of(
        torch.layer_norm(
            x.raw,
            weight.shape(),
            new TensorOptional(weight.raw),
            new TensorOptional(bias.raw),
            epsilon,
            false));
  }

  public static Tensor silu(Tensor x) {
    return Tensor.of(torch.silu(x.raw));
  }

  /** The exact Gaussian error linear unit. */
  public static Tensor gelu(Tensor x) {
    return Tensor.of(torch.gelu(x.raw));
  }

  /** The tanh approximation of {@link #gelu}: GPT-2's {@code gelu_new}. */
  public static Tensor geluTanh(Tensor x) {
    return Tensor.of(torch.gelu(x.raw, "tanh"));
  }

  public static Tensor relu(Tensor x) {
    return Tensor.of(torch.relu(x.raw));
  }

  public static Tensor tanh(Tensor x) {
    return Tensor.of(x.raw.tanh());
  }

  /** The softmax over the last dimension. */
  public static Tensor softmax(Tensor x) {
    return Tensor.of(torch.softmax(x.raw, -1));
  }

  /** The log-softmax over the last dimension. */
  public static Tensor logSoftmax(Tensor x) {
    return Tensor.of(torch.log_softmax(x.raw, -1));
  }

  /** {@code log(sum(exp(x)))} along a dimension. */
  public static Tensor logSumExp(Tensor x, int dimension) {
    return Tensor.of(torch.logsumexp(x.raw, new long[] {dimension}, false));
  }

  /** Running sums along a dimension. */
  public static Tensor cumulativeSum(Tensor x, int dimension) {
    return Tensor.of(x.raw.cumsum(dimension));
  }

  /**
   * How many elements of each ascending row of {@code sorted} [.., n] are at most each of {@code
   * values} [.., m].
   */
  public static Tensor searchSortedRight(Tensor sorted, Tensor values) {
    return Tensor.of(
        torch.searchsorted(
            sorted.raw, values.raw, false, true, new StringViewOptional(), new TensorOptional()));
  }

  /**
   * The patches that a convolution's kernel meets.
   *
   * @param x [batch, channels, height, width]
   * @param padding zeros on each side
   * @return [batch, channels * kernel * kernel, patches], channel by channel
   */
  public static Tensor patches(Tensor x, long kernel, long stride, long padding) {
    return Tensor.of(
        torch.im2col(
            x.raw,
            new long[] {kernel, kernel},
            new long[] {1, 1},
            new long[] {padding, padding},
            new long[] {stride, stride}));
  }
}
