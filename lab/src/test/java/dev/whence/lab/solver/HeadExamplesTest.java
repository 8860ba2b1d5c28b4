package dev.whence.lab.solver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.whence.model.LanguageModel;
import dev.whence.model.ModelFolder;
import dev.whence.model.RandomTensors;
import dev.whence.model.Tap;
import dev.whence.tensor.DType;
import dev.whence.tensor.Device;
import dev.whence.tensor.Scope;
import dev.whence.tensor.Tensor;
import dev.whence.testing.Oracle;
import dev.whence.trace.Targets;
import dev.whence.trace.TokenBatch;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Compares the head's view of examples with the model's, in float64 on a GPT-2. */
class HeadExamplesTest {
  private static final long SEED = 3;

  private static TokenBatch batch() {
    return TokenBatch.of(
        List.of(
            TokenBatch.Row.whole(ModelFolder.tokens(1, 4), 1),
            TokenBatch.Row.whole(ModelFolder.tokens(2, 3), 2)),
        Device.CPU);
  }

  @Test
  void logitsOfTheHeadsInputAreTheModels() {
    try (Scope _ = Scope.open();
        LanguageModel model =
            LanguageModel.load(Oracle.of("gpt2").model(), DType.FLOAT64, Device.CPU)) {
      TokenBatch batch = batch();
      Body body = new Body(model);
      HeadExamples examples = new HeadExamples(batch, body.head().matrix());
      Tensor hidden = body.outputs(batch.inputs(), Tap.NONE).detach();
      Tensor logits = model.outputs(batch.inputs(), Tap.NONE).detach();
      assertThat(examples.logProbabilities(hidden).toDoubles())
          .containsExactly(batch.logProbabilities(logits).toDoubles(), within(1e-10));
      assertThat(body.linears()).hasSize(model.linears().size() - 1).doesNotContain(body.head());
    }
  }

  @Test
  void derivativesAreTheSlopesAndTheMatrixMultipliesAsTheProduct() {
    Random random = new Random(SEED);
    try (Scope _ = Scope.open()) {
      HeadExamples examples = new HeadExamples(batch(), RandomTensors.of(random, 300, 5));
      Tensor hidden = RandomTensors.of(random, 2, 3, 5);
      Tensor x = RandomTensors.of(random, 2, 3, 5);
      double step = 1e-5;
      Tensor up = hidden.plus(x.times(step));
      Tensor down = hidden.plus(x.times(-step));
      double slope =
          (examples.logProbabilities(up).sum().item()
                  - examples.logProbabilities(down).sum().item())
              / (2 * step);
      Tensor gradient = examples.logLikelihoodGradient(hidden, new Targets.Given());
      assertThat(gradient.times(x).sum().item()).isCloseTo(slope, within(1e-7));
      Tensor change =
          examples
              .logLikelihoodGradient(down, new Targets.Given())
              .minus(examples.logLikelihoodGradient(up, new Targets.Given()))
              .over(2 * step);
      Tensor product = examples.lossHessian(hidden, x);
      assertThat(product.toDoubles()).containsExactly(change.toDoubles(), within(1e-7));
      Tensor matrix = examples.lossHessianMatrix(hidden);
      assertThat(matrix.matmul(x.unsqueeze(3)).select(3, 0).toDoubles())
          .containsExactly(product.toDoubles(), within(1e-10));
      Tensor root = examples.lossHessianRoot(hidden);
      assertThat(root.matmul(root.transpose(2, 3)).toDoubles())
          .containsExactly(matrix.toDoubles(), within(1e-10));
    }
  }
}
