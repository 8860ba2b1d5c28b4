package dev.whence.tensor;

import java.util.List;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.BoolOptional;
import org.bytedeco.pytorch.GradMode;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/** Reverse-mode differentiation. */
public final class Autograd {
  private Autograd() {}

  /**
   * The gradients of {@code <outputGradient, output>} with respect to {@code inputs}, in one
   * backward pass that visits only what lies between them.
   *
   * @return one tensor per input, of the input's shape
   */
  public static List<Tensor> gradients(Tensor output, Tensor outputGradient, List<Tensor> inputs) {
    TensorVector gradients =
        torch.grad(
            new TensorVector(output.raw),
            Tensors.vector(inputs),
            new TensorVector(outputGradient.raw),
            new BoolOptional(),
            false,
            false);
    return IntStream.range(0, inputs.size())
        .mapToObj(i -> Tensors.ofElement(gradients.get(i)))
        .toList();
  }

  /** Runs {@code work} without recording it, so that leaves can be written in place. */
  public static void unrecorded(Runnable work) {
    boolean before = GradMode.is_enabled();
    GradMode.set_enabled(false);
    try {
      work.run();
    } finally {
      GradMode.set_enabled(before);
    }
  }
}
