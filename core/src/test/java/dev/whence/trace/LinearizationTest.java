package dev.whence.trace;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.whence.model.LanguageModel;
import dev.whence.model.LayerSelection;
import dev.whence.model.Linear;
import dev.whence.model.ModelFolder;
import dev.whence.model.RandomTensors;
import dev.whence.model.Tap;
import dev.whence.tensor.DType;
import dev.whence.tensor.Device;
import dev.whence.tensor.Scope;
import dev.whence.tensor.Tensor;
import dev.whence.testing.Oracle;
import dev.whence.trace.TokenBatch.Row;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** In float64, on a GPT-2, whose layers have biases and transposed weights. */
class LinearizationTest {
  private static final long SEED = 5;
  private static final List<Row> ROWS =
      List.of(
          Row.whole(ModelFolder.tokens(1, 4), 1),
          new Row(ModelFolder.tokens(2, 3), 2, 2),
          Row.whole(ModelFolder.tokens(3, 1), 3));

  private static LanguageModel model() {
    return LanguageModel.load(Oracle.of("gpt2").model(), DType.FLOAT64, Device.CPU);
  }

  private static List<Linear> layers(LanguageModel model) {
    return LayerSelection.MLP.of(model);
  }

  private static List<Tensor> random(List<Linear> layers, Random random) {
    return layers.stream().map(l -> RandomTensors.of(random, l.outputs(), l.inputs())).toList();
  }

  @Test
  void forwardIsTheSlopeOfTheOutputs() {
    Random random = new Random(SEED);
    try (Scope _ = Scope.open();
        LanguageModel model = model()) {
      List<Linear> layers = layers(model);
      TokenBatch batch = TokenBatch.of(ROWS, Device.CPU);
      List<Tensor> v = random(layers, random);
      Tensor forward = Linearization.of(model, layers, batch).forward(v);
      double step = 1e-5;
      Tensor up = moved(model, layers, batch, v, step);
      Tensor down = moved(model, layers, batch, v, -step);
      Tensor slope = up.minus(down).over(2 * step);
      assertThat(forward.minus(slope).norm().item() / slope.norm().item()).isLessThan(1e-7);
    }
  }

  private static Tensor moved(
      LanguageModel model, List<Linear> layers, TokenBatch batch, List<Tensor> v, double step) {
    List<Tensor> before = layers.stream().map(Linear::matrix).toList();
    for (int l = 0; l < layers.size(); l++) {
      layers.get(l).assign(before.get(l).plus(v.get(l).times(step)));
    }
    Tensor outputs = model.outputs(batch.inputs(), Tap.NONE).detach();
    for (int l = 0; l < layers.size(); l++) {
      layers.get(l).assign(before.get(l));
    }
    return outputs;
  }

  @Test
  void backwardIsTheTransposeOfForwardAndSumsTheTrace() {
    Random random = new Random(SEED);
    try (Scope _ = Scope.open();
        LanguageModel model = model()) {
      List<Linear> layers = layers(model);
      // Nothing is padded: where it is, J's rows are left out of the transpose.
      TokenBatch batch = TokenBatch.of(ROWS.subList(0, 1), Device.CPU);
      Linearization at = Linearization.of(model, layers, batch);
      List<Tensor> v = random(layers, random);
      Tensor u = RandomTensors.of(random, at.outputs().shape());
      List<Tensor> back = at.backward(u);
      double left = at.forward(v).times(u).sum().item();
      double right = 0;
      for (int l = 0; l < layers.size(); l++) {
        right += back.get(l).times(v.get(l)).sum().item();
      }
      assertThat(left).isCloseTo(right, within(1e-10 * Math.abs(left)));
      Trace trace = Trace.of(model, layers, batch, new Targets.Given());
      List<Tensor> gradient = at.logLikelihoodGradient(new Targets.Given());
      for (int l = 0; l < layers.size(); l++) {
        Tensor difference = gradient.get(l).minus(trace.sequenceGradients(l).sum(0));
        assertThat(difference.norm().item()).isLessThan(1e-12 * gradient.get(l).norm().item());
      }
    }
  }

  @Test
  void gaussNewtonIsThatOfTheDenseJacobianAndTheHessianOfTheLoss() {
    Random random = new Random(SEED);
    try (Scope _ = Scope.open();
        LanguageModel model = model()) {
      List<Linear> layers = List.of(model.linears().get(2));
      TokenBatch batch = TokenBatch.of(ROWS, Device.CPU);
      Linearization at = Linearization.of(model, layers, batch);
      List<Tensor> v = random(layers, random);
      Tensor jacobian =
          at.jacobian().getFirst().dense(); // [batch, positions * vocabulary, weights]
      long vocabulary = at.outputs().size(2);
      Tensor root = batch.lossHessianRoot(at.outputs()).reshape(-1, vocabulary, vocabulary);
      Tensor rows =
          root.transpose(1, 2)
              .bmm(jacobian.reshape(-1, vocabulary, jacobian.size(2)))
              .reshape(-1, jacobian.size(2));
      Tensor flat = v.getFirst().reshape(-1, 1);
      Tensor dense = rows.t().matmul(rows.matmul(flat));
      Tensor product = at.gaussNewton(v).getFirst().reshape(-1, 1);
      assertThat(product.minus(dense).norm().item()).isLessThan(1e-11 * dense.norm().item());
    }
  }

  @Test
  void hessianOfTheLossIsTheSlopeOfItsGradient() {
    Random random = new Random(SEED);
    try (Scope _ = Scope.open();
        LanguageModel model = model()) {
      TokenBatch batch = TokenBatch.of(ROWS, Device.CPU);
      Tensor logits = model.outputs(batch.inputs(), Tap.NONE).detach();
      Tensor x = RandomTensors.of(random, logits.shape());
      double step = 1e-5;
      List<Tensor> gradients = new ArrayList<>();
      for (double s : new double[] {step, -step}) {
        gradients.add(batch.logLikelihoodGradient(logits.plus(x.times(s)), new Targets.Given()));
      }
      Tensor slope = gradients.get(1).minus(gradients.get(0)).over(2 * step); // of the loss
      Tensor product = batch.lossHessian(logits, x);
      assertThat(product.minus(slope).norm().item()).isLessThan(1e-8 * slope.norm().item());
    }
  }

  @Test
  void aMatrixThatIsAssignedIsThere() {
    Random random = new Random(SEED);
    try (Scope _ = Scope.open();
        LanguageModel model = model()) {
      for (Linear layer : model.linears().subList(0, 4)) {
        Tensor matrix = RandomTensors.of(random, layer.outputs(), layer.inputs());
        layer.assign(matrix);
        assertThat(layer.matrix().toDoubles()).isEqualTo(matrix.toDoubles());
      }
    }
  }
}
