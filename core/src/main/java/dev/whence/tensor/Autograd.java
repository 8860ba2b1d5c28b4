package dev.whence.tensor;

import java.util.List;
import java.util.function.Supplier;
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
   * backward pass that visits only what lies between them, and frees the recorded graph.
   *
   * @return one tensor per input, of the input's shape
   */
  public static List<Tensor> gradients(Tensor output, Tensor outputGradient, List<Tensor> inputs) {
    return gradients(List.of(output), List.of(outputGradient), inputs, false, false);
  }

  /**
   * The gradients of {@code sum_i <outputGradients_i, outputs_i>} with respect to {@code inputs},
   * in a backward pass that retains the recorded graph, so that another pass can follow.
   *
   * @return one tensor per input, of the input's shape
   */
  public static List<Tensor> gradientsAgain(
      List<Tensor> outputs, List<Tensor> outputGradients, List<Tensor> inputs) {
    return gradients(outputs, outputGradients, inputs, true, false);
  }

  /**
   * The gradients of {@code <outputGradient, output>} with respect to {@code inputs}, recorded as
   * functions of {@code outputGradient} and {@code inputs} that can be differentiated in turn.
   *
   * @return one tensor per input, of the input's shape
   */
  public static List<Tensor> differentiableGradients(
      Tensor output, Tensor outputGradient, List<Tensor> inputs) {
    return gradients(List.of(output), List.of(outputGradient), inputs, true, true);
  }

  private static List<Tensor> gradients(
      List<Tensor> outputs,
      List<Tensor> outputGradients,
      List<Tensor> inputs,
      boolean retainGraph,
      boolean differentiable) {
    TensorVector gradients =
        torch.grad(
            Tensors.vector(outputs),
            Tensors.vector(inputs),
            Tensors.vector(outputGradients),
            new BoolOptional(retainGraph),
            differentiable,
            false);
    return IntStream.range(0, inputs.size())
        .mapToObj(i ->
            differentiable
                ? Tensors.ofRecordedElement(gradients.get(i))
                : Tensors.ofElement(gradients.get(i)))
        .toList();
  }

  /**
   * A tensor on the same memory, whose in-place writes autograd does not track: a backward pass
   * through a graph that recorded the memory uses the new values without an error.
   */
  public static Tensor untracked(Tensor tensor) {
    return Tensor.of(tensor.raw.variable_data());
  }

  /** What {@code work} gives when it runs without recording. */
  public static <T> T unrecorded(Supplier<T> work) {
    boolean before = GradMode.is_enabled();
    GradMode.set_enabled(false);
    try {
      return work.get();
    } finally {
      GradMode.set_enabled(before);
    }
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
