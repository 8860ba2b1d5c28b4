package dev.whence.trace;

import dev.whence.model.LanguageModel;
import dev.whence.model.Linear;
import dev.whence.model.Model;
import dev.whence.model.Tap;
import dev.whence.tensor.Autograd;
import dev.whence.tensor.Tensor;
import dev.whence.tensor.Tensors;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.function.BinaryOperator;

/**
 * The derivative J of a model's outputs with respect to its tracked layers' weights, at one batch.
 * A change V of a layer's weights changes its output by {@code V a}, so J and its transpose are
 * taken with respect to the layers' outputs and no weight needs a gradient of its own. Forward is
 * reverse mode twice: {@code J^T u} is linear in u, and its derivative with respect to u, the other
 * way round, is J.
 */
public final class Linearization implements AutoCloseable {
  private final List<List<Trace.Call>> calls; // of each layer
  private final Tensor outputs;
  private final Examples examples;
  private Optional<Transpose> transpose = Optional.empty();

  /**
   * The function {@code J^T u} of u, up to the layers' outputs, recorded at {@code u = 0}.
   *
   * @param gradients of each use of each layer
   */
  private record Transpose(Tensor u, List<Tensor> gradients) {}

  private Linearization(List<List<Trace.Call>> calls, Tensor outputs, Examples examples) {
    this.calls = calls;
    this.outputs = outputs;
    this.examples = examples;
  }

  /** Runs the model over a batch; belongs to the caller's scope. */
  public static Linearization of(Model model, List<Linear> layers, Examples examples) {
    Trace.Recorder recorder = new Trace.Recorder(layers);
    Tensor outputs = model.outputs(examples.inputs(), recorder);
    return new Linearization(recorder.byLayer(), outputs, examples);
  }

  /**
   * How the change of the log-likelihood along a direction in the weights depends on each token's
   * embedding: the derivative of {@code <gradient of log p, weights>}, [batch, positions, width].
   *
   * @param weights one matrix a layer, [out, in(+1)]
   */
  public static Tensor embeddingSensitivity(
      LanguageModel model, List<Linear> layers, TokenBatch batch, List<Tensor> weights) {
    Trace.Recorder recorder = new Trace.Recorder(layers);
    List<Tensor> embeddings = new ArrayList<>();
    Tensor logits = model.logits(batch.inputs(), new EmbeddingTap(recorder, embeddings));
    Tensor logLikelihood = batch.logProbabilities(logits).sum();
    List<List<Trace.Call>> calls = recorder.byLayer();
    List<Tensor> seen = calls.stream().flatMap(List::stream).map(Trace.Call::output).toList();
    List<Tensor> gradients =
        Autograd.differentiableGradients(logLikelihood, one(logLikelihood), seen);
    List<Tensor> terms = new ArrayList<>();
    int next = 0;
    for (int l = 0; l < calls.size(); l++) {
      for (Trace.Call call : calls.get(l)) {
        terms.add(gradients.get(next++).times(change(call, call.input(), weights.get(l))).sum());
      }
    }
    Tensor along = Tensors.stack(terms, 0).sum();
    return Autograd.gradientsAgain(List.of(along), List.of(one(along)), embeddings).getFirst();
  }

  private static Tensor one(Tensor scalar) {
    return Tensors.ones(scalar.type(), scalar.device());
  }

  /** Lets gradients reach the embeddings, and keeps them. */
  private record EmbeddingTap(Tap inner, List<Tensor> seen) implements Tap {
    @Override
    public Tensor observe(Linear layer, Tensor input, Tensor output) {
      return inner.observe(layer, input, output);
    }

    @Override
    public Tensor embedded(Tensor embeddings) {
      seen.add(embeddings.detach().requireGradient());
      return seen.getFirst();
    }
  }

  /** The model's outputs, [batch, positions, outputs]. */
  public Tensor outputs() {
    return outputs.detach();
  }

  /**
   * {@code J v}: how the outputs change with the weights, [batch, positions, outputs].
   *
   * @param weights one matrix a layer, [out, in(+1)]
   */
  public Tensor forward(List<Tensor> weights) {
    List<Tensor> changes = new ArrayList<>();
    for (int l = 0; l < calls.size(); l++) {
      for (Trace.Call call : calls.get(l)) {
        changes.add(change(call, call.input().detach(), weights.get(l)));
      }
    }
    Transpose back = transpose.orElseGet(this::transpose);
    return Autograd.gradientsAgain(back.gradients, changes, List.of(back.u)).getFirst();
  }

  private Transpose transpose() {
    Tensor u = outputs().times(0).requireGradient();
    return new Transpose(u, Autograd.differentiableGradients(outputs, u, seen()));
  }

  /**
   * Takes what {@link #forward} and {@link #backward} need out of the caller's scope, for many
   * products: whoever keeps it closes it. The weights must be what they were, whenever it is used.
   */
  public Linearization keep() {
    transpose = Optional.of(transpose());
    held().forEach(Tensor::keep);
    return this;
  }

  /** Gives up what {@link #keep} took. */
  @Override
  public void close() {
    held().forEach(Tensor::close);
  }

  private List<Tensor> held() {
    List<Tensor> held = new ArrayList<>(List.of(outputs));
    transpose.ifPresent(back -> {
      held.add(back.u);
      held.addAll(back.gradients);
    });
    calls.stream()
        .flatMap(List::stream)
        .forEach(call -> {
          held.add(call.input());
          held.add(call.output());
        });
    examples.real().ifPresent(held::add);
    return held;
  }

  private List<Tensor> seen() {
    return calls.stream().flatMap(List::stream).map(Trace.Call::output).toList();
  }

  /** {@code V a}, with a homogeneous where the layer has a bias. */
  private static Tensor change(Trace.Call call, Tensor input, Tensor weights) {
    long in = input.size(2);
    Tensor plain = input.matmul(weights.narrow(1, 0, in).t());
    return call.bias() ? plain.plus(weights.select(1, in)) : plain;
  }

  /**
   * {@code J^T u}, summed over the batch: one matrix a layer, [out, in(+1)]. Padded positions count
   * as if u were zero there.
   *
   * @param u [batch, positions, outputs]
   */
  public List<Tensor> backward(Tensor u) {
    List<List<Tensor>> gradients = gradients(u);
    List<Tensor> sums = new ArrayList<>();
    for (int l = 0; l < calls.size(); l++) {
      sums.add(
          product(
              l,
              gradients.get(l),
              (input, d) -> d.reshape(-1, d.size(2)).t().matmul(input.reshape(-1, input.size(2)))));
    }
    return sums;
  }

  /**
   * {@code J^T H J v} of the batch, summed over its examples, with the loss's Hessian H with
   * respect to the outputs: the Gauss-Newton Hessian's product.
   */
  public List<Tensor> gaussNewton(List<Tensor> weights) {
    return backward(examples.lossHessian(outputs(), forward(weights)));
  }

  /** The sum over the batch of the log-likelihood's gradient: one matrix a layer. */
  public List<Tensor> logLikelihoodGradient(Targets targets) {
    return backward(examples.logLikelihoodGradient(outputs, targets));
  }

  /**
   * J itself, layer by layer, for models and batches small enough: a row for each output at each
   * position.
   */
  public List<LayerJacobian> jacobian() {
    Tensor u = outputs().times(0);
    List<List<Tensor>> rows = new ArrayList<>(); // of each layer, each [batch, columns]
    calls.forEach(_ -> rows.add(new ArrayList<>()));
    for (int t = 0; t < u.size(1); t++) {
      for (int k = 0; k < u.size(2); k++) {
        Tensor entry = u.select(1, t).narrow(1, k, 1);
        entry.fillInPlace(1);
        List<List<Tensor>> gradients = gradients(u);
        for (int l = 0; l < rows.size(); l++) {
          rows.get(l).add(row(l, gradients.get(l)));
        }
        entry.fillInPlace(0);
      }
    }
    List<LayerJacobian> layers = new ArrayList<>();
    for (int l = 0; l < rows.size(); l++) {
      Tensor all = Tensors.stack(rows.get(l), 1);
      Trace.Call call = calls.get(l).getFirst();
      Tensor input = input(call);
      layers.add(
          isOuter(l)
              ? new LayerJacobian.Outer(all, input.select(1, 0))
              : new LayerJacobian.Whole(all, call.output().size(2), input.size(2)));
    }
    return layers;
  }

  private Tensor row(int layer, List<Tensor> gradients) {
    return isOuter(layer)
        ? gradients.getFirst().select(1, 0).copy() // it may be u itself
        : product(layer, gradients, (input, d) -> d.transpose(1, 2).bmm(input))
            .reshape(examples.size(), -1);
  }

  private boolean isOuter(int layer) {
    List<Trace.Call> ofLayer = calls.get(layer);
    return ofLayer.size() == 1 && ofLayer.getFirst().output().size(1) == 1;
  }

  /** {@code J^T u} up to the layers' outputs: of each layer, of each of its uses. */
  private List<List<Tensor>> gradients(Tensor u) {
    Iterator<Tensor> gradients =
        Autograd.gradientsAgain(List.of(outputs), List.of(u), seen()).iterator();
    return calls.stream()
        .map(ofLayer -> ofLayer.stream().map(_ -> gradients.next()).toList())
        .toList();
  }

  /** What {@code product} makes of a layer's inputs and gradients, summed over its uses. */
  private Tensor product(int layer, List<Tensor> gradients, BinaryOperator<Tensor> product) {
    List<Trace.Call> uses = calls.get(layer);
    Tensor sum = product.apply(input(uses.getFirst()), gradients.getFirst());
    for (int c = 1; c < uses.size(); c++) {
      sum.plusInPlace(product.apply(input(uses.get(c)), gradients.get(c)));
    }
    return sum;
  }

  private Tensor input(Trace.Call call) {
    return Trace.Recorder.prepare(call, examples, outputs.type());
  }
}
