package dev.whence.lab.data;

import dev.whence.tensor.Tensor;
import dev.whence.trace.Examples;
import dev.whence.trace.ExamplesView;
import dev.whence.trace.Targets;

/** Examples whose log-likelihood is replaced by the sum of the model's outputs. */
record OutputsOf(ExampleSet set) implements ExampleSet {
  @Override
  public long size() {
    return set.size();
  }

  @Override
  public Examples at(long... places) {
    return new Measured(set.at(places));
  }

  private record Measured(Examples examples) implements ExamplesView {
    @Override
    public Measured withKeys(Tensor keys) {
      return new Measured(examples.withKeys(keys));
    }

    @Override
    public Measured narrow(int first, int count) {
      return new Measured(examples.narrow(first, count));
    }

    @Override
    public Tensor logProbabilities(Tensor outputs) {
      return outputs.sum(2);
    }

    @Override
    public Tensor logLikelihoodGradient(Tensor outputs, Targets targets) {
      return outputs.detach().times(0).plus(1);
    }

    @Override
    public Tensor lossHessian(Tensor outputs, Tensor x) {
      return x.times(0);
    }

    @Override
    public Tensor lossHessianRoot(Tensor outputs) {
      long n = outputs.size(2);
      return outputs.detach().times(0).unsqueeze(3).expand(outputs.size(0), outputs.size(1), n, n);
    }
  }
}
