package dev.whence.lab.solver;

import dev.whence.tensor.Eigen;
import dev.whence.tensor.Scope;
import dev.whence.tensor.Tensor;
import dev.whence.tensor.Tensors;
import dev.whence.trace.Examples;
import dev.whence.trace.ExamplesView;
import dev.whence.trace.Targets;
import java.util.ArrayList;
import java.util.List;

/**
 * Examples of a language model's {@link Body}: their likelihood as a function of the head's inputs,
 * [batch, positions, width], in which the logits are linear.
 *
 * @param weight the head's, [vocabulary, width]
 */
public record HeadExamples(Examples examples, Tensor weight) implements ExamplesView {
  @Override
  public HeadExamples withKeys(Tensor keys) {
    return new HeadExamples(examples.withKeys(keys), weight);
  }

  @Override
  public HeadExamples narrow(int first, int count) {
    return new HeadExamples(examples.narrow(first, count), weight);
  }

  @Override
  public Tensor logProbabilities(Tensor hidden) {
    return examples.logProbabilities(logits(hidden));
  }

  @Override
  public Tensor logLikelihoodGradient(Tensor hidden, Targets targets) {
    return examples.logLikelihoodGradient(logits(hidden), targets).matmul(weight);
  }

  /** {@inheritDoc} It is {@code W^T H W}, where H is the Hessian with respect to the logits. */
  @Override
  public Tensor lossHessian(Tensor hidden, Tensor x) {
    return examples.lossHessian(logits(hidden), logits(x)).matmul(weight);
  }

  /**
   * The loss's Hessian with respect to the head's inputs, formed column by column: for many
   * products.
   *
   * @return [batch, positions, width, width]
   */
  public Tensor lossHessianMatrix(Tensor hidden) {
    Tensor logits = logits(hidden);
    List<Tensor> columns = new ArrayList<>();
    for (int j = 0; j < weight.size(1); j++) {
      Tensor direction = weight.select(1, j).expand(logits.shape());
      columns.add(Scope.result(() -> examples.lossHessian(logits, direction).matmul(weight)));
    }
    return Tensors.stack(columns, 3);
  }

  /** {@inheritDoc} It is formed by eigendecompositions. */
  @Override
  public Tensor lossHessianRoot(Tensor hidden) {
    long width = weight.size(1);
    Eigen.Symmetric eigen = Eigen.symmetric(lossHessianMatrix(hidden).reshape(-1, width, width));
    Tensor roots = eigen.values().clampMin(0).sqrt().unsqueeze(1);
    return eigen.vectors().times(roots).reshape(hidden.size(0), hidden.size(1), width, width);
  }

  private Tensor logits(Tensor hidden) {
    return hidden.matmul(weight.t());
  }
}
