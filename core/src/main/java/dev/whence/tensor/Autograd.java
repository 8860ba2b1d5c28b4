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
   * backward pass that visits only what lies between them, and forgets how it got there.
   *
   * @return one tensor per input, of the input's shape
   */
  public static List<Tensor> gradients(Tensor output, Tensor outputGradient, List<Tensor> inputs) {
    return gradients(List.of(output), List.of(outputGradient), inputs, false, false);
  }

  /** The same, and the pass can be made again. */
  public static List<Tensor> gradientsAgain(
      List<Tensor> outputs, List<Tensor> outputGradients, List<Tensor> inputs) {
    return gradients(outputs, outputGradients, inputs, true, false);
  }

  /** The same, as functions of {@code outputGradient} and {@code inputs} to differentiate again. */
  public static List<Tensor> differentiableGradients(
      Tensor output, Tensor outputGradient, List<Tensor> inputs) {
    return gradients(List.of(output), List.of(outputGradient), inputs, true, true);
  }

  private static List<Tensor> gradients(
      List<Tensor> outputs,
      List<Tensor> outputGradients,
      List<Tensor> inputs,
      boolean again,
      boolean differentiable) {
    TensorVector gradients =
        torch.grad(
            Tensors.vector(outputs),
            Tensors.vector(inputs),
            Tensors.vector(outputGradients),
            new BoolOptional(again),
            differentiable,
            false);
    return IntStream.range(0, inputs.size())
        .mapToObj(i ->
            differentiable
                ? Tensors.ofRecordedElement(gradients.get(i))
                : Tensors.ofElement(gradients.get(i)))
        .toList();
  }

  /** The same memory, with writes to it unknown to what was recorded, which then cannot warn. */
  public static Tensor untold(Tensor tensor) {
    return Tensor.of(tensor.raw.variable_data());
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
