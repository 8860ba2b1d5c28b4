package dev.whence.model;

import dev.whence.tensor.Autograd;
import dev.whence.tensor.Tensor;
import dev.whence.tensor.Tensors;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BinaryOperator;

/**
 * The derivative J of a model's outputs with respect to its tracked layers' weights, at one batch.
 * A change V of a layer's weights changes its output by {@code V a}, so J and its transpose are
 * taken with respect to the layers' outputs and no weight needs a gradient of its own. Forward is
 * reverse mode twice: {@code J^T u} is linear in u, and its derivative with respect to u, the other
 * way round, is J.
 */
public final class Linearization {
  private final List<List<Trace.Call>> calls; // of each layer
  private final Tensor outputs;
  private final Examples examples;

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
    Tensor u = outputs().times(0).requireGradient();
    List<Tensor> seen = new ArrayList<>();
    List<Tensor> changes = new ArrayList<>();
    for (int l = 0; l < calls.size(); l++) {
      for (Trace.Call call : calls.get(l)) {
        seen.add(call.output());
        changes.add(change(call, call.input().detach(), weights.get(l)));
      }
    }
    List<Tensor> back = Autograd.differentiableGradients(outputs, u, seen);
    return Autograd.gradientsAgain(back, changes, List.of(u)).getFirst();
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
    return products(
        u, (input, d) -> d.reshape(-1, d.size(2)).t().matmul(input.reshape(-1, input.size(2))));
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
   * J itself, of a model small enough: every example's, with the weights layer after layer.
   *
   * @return [batch, positions * outputs, weights]
   */
  public Tensor dense() {
    Tensor u = outputs().times(0);
    List<Tensor> rows = new ArrayList<>(); // each [batch, weights]
    for (int t = 0; t < u.size(1); t++) {
      for (int k = 0; k < u.size(2); k++) {
        Tensor one = u.select(1, t).narrow(1, k, 1);
        one.fillInPlace(1);
        rows.add(
            Tensors.cat(perExample(u).stream().map(d -> d.reshape(d.size(0), -1)).toList(), 1));
        one.fillInPlace(0);
      }
    }
    return Tensors.stack(rows, 1);
  }

  /** {@code J^T u} of each example by itself: [batch, out, in(+1)] for each layer. */
  private List<Tensor> perExample(Tensor u) {
    return products(u, (input, d) -> d.transpose(1, 2).bmm(input));
  }

  /** What {@code product} makes of each layer's inputs and gradients, summed over its uses. */
  private List<Tensor> products(Tensor u, BinaryOperator<Tensor> product) {
    List<Tensor> seen = calls.stream().flatMap(List::stream).map(Trace.Call::output).toList();
    List<Tensor> gradients = Autograd.gradientsAgain(List.of(outputs), List.of(u), seen);
    List<Tensor> sums = new ArrayList<>();
    int next = 0;
    for (List<Trace.Call> some : calls) {
      List<Tensor> products = new ArrayList<>();
      for (Trace.Call call : some) {
        Tensor input = Trace.Recorder.prepare(call, examples, outputs.type());
        products.add(product.apply(input, gradients.get(next++)));
      }
      Tensor sum = products.getFirst();
      products.subList(1, products.size()).forEach(sum::plusInPlace);
      sums.add(sum);
    }
    return sums;
  }
}
