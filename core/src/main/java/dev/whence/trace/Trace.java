package dev.whence.trace;

import dev.whence.model.Linear;
import dev.whence.model.Model;
import dev.whence.model.Tap;
import dev.whence.tensor.Autograd;
import dev.whence.tensor.DType;
import dev.whence.tensor.OuterProducts;
import dev.whence.tensor.Scope;
import dev.whence.tensor.Tensor;
import dev.whence.tensor.Tensors;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BinaryOperator;

/**
 * What one batch leaves at the tracked layers: their inputs a and the log-likelihood's gradients d
 * with respect to their outputs. The weights' gradients are never formed here: one backward pass
 * yields all the d, and stops at the first tracked layer.
 */
public final class Trace {
  /**
   * One use of a layer.
   *
   * @param input a, with a last column of ones when the layer has a bias, zero at padding: [batch,
   *     positions, in(+1)]
   * @param gradient d, zero at padding: [batch, positions, out]
   */
  public record Use(Tensor input, Tensor gradient) {
    /** Some of the sequences. */
    public Use narrow(long first, long count) {
      return new Use(input.narrow(0, first, count), gradient.narrow(0, first, count));
    }

    /**
     * These sequences, in this order.
     *
     * @param rows [n], int64
     */
    public Use rows(Tensor rows) {
      return new Use(input.rows(rows), gradient.rows(rows));
    }
  }

  private final List<List<Use>> uses;
  private final Optional<Tensor> logProbabilities;

  Trace(List<List<Use>> uses, Optional<Tensor> logProbabilities) {
    this.uses = uses;
    this.logProbabilities = logProbabilities;
  }

  /** Runs the model forward and backward over a batch. */
  public static Trace of(Model model, List<Linear> layers, Examples batch, Targets targets) {
    return TraceSlices.of(batch, model.device())
        .trace(slice -> undivided(model, layers, slice, targets, false));
  }

  /** Traces a batch with its own tokens as targets, and keeps {@link #logProbabilities}. */
  public static Trace withLogProbabilities(Model model, List<Linear> layers, Examples batch) {
    return TraceSlices.of(batch, model.device())
        .trace(slice -> undivided(model, layers, slice, new Targets.Given(), true));
  }

  static Trace undivided(
      Model model,
      List<Linear> layers,
      Examples batch,
      Targets targets,
      boolean wantLogProbabilities) {
    // What the model computed on the way goes before anything is made of the trace.
    return Scope.results(
        () -> {
          Recorder recorder = new Recorder(layers);
          Tensor outputs = model.outputs(batch.inputs(), recorder);
          Tensor gradient = batch.logLikelihoodGradient(outputs, targets);
          List<Tensor> seen = recorder.calls.stream().map(Call::output).toList();
          List<Tensor> gradients = Autograd.gradients(outputs, gradient, seen);
          return new Trace(
              recorder.uses(gradients, batch, model.type().accumulator()),
              wantLogProbabilities
                  ? Optional.of(batch.logProbabilities(outputs.detach()))
                  : Optional.empty());
        },
        Trace::tensors);
  }

  /** What the trace is made of, each tensor once. */
  List<Tensor> tensors() {
    Set<Tensor> seen = Collections.newSetFromMap(new IdentityHashMap<>());
    List<Tensor> tensors = new ArrayList<>();
    for (List<Use> ofLayer : uses) {
      for (Use use : ofLayer) {
        for (Tensor tensor : List.of(use.input(), use.gradient())) {
          if (seen.add(tensor)) {
            tensors.add(tensor);
          }
        }
      }
    }
    logProbabilities.ifPresent(tensors::add);
    return tensors;
  }

  /**
   * Frees a layer's uses, once nothing more will be computed from them: gradients at once, an input
   * with the last layer that reads it. Layers are to be released in their order.
   */
  public void release(int layer) {
    Set<Tensor> stillRead = Collections.newSetFromMap(new IdentityHashMap<>());
    uses.subList(layer + 1, uses.size())
        .forEach(later -> later.forEach(use -> stillRead.add(use.input())));
    for (Use use : uses.get(layer)) {
      use.gradient().free();
      if (stillRead.add(use.input())) {
        use.input().free();
      }
    }
  }

  /** All uses, layer by layer. */
  List<List<Use>> uses() {
    return uses;
  }

  /** The uses of the tracked layer of this index: one, unless the model shares the module. */
  public List<Use> uses(int layer) {
    return uses.get(layer);
  }

  /** The log-probability of each target, [batch, positions]; zero where it is not scored. */
  public Optional<Tensor> logProbabilities() {
    return logProbabilities;
  }

  /** The sequences' gradients of a layer, over all its uses: [batch, out, in(+1)]. */
  public Tensor sequenceGradients(int layer) {
    return sequenceGradients(uses.get(layer));
  }

  /** What is done with some consecutive sequences of a batch. */
  @FunctionalInterface
  public interface SliceStep {
    /** Takes the sequences from {@code first} on, in a scope of its own. */
    void take(long first, List<Use> uses);
  }

  /**
   * Goes through a layer's uses at most {@code count} sequences at a time, so that their gradients
   * fit in memory.
   */
  public void slices(int layer, long count, SliceStep step) {
    List<Use> whole = uses.get(layer);
    long batch = whole.getFirst().input().size(0);
    long most = Math.max(1, count);
    for (long first = 0; first < batch; first += most) {
      long start = first;
      long length = Math.min(most, batch - first);
      try (Scope _ = Scope.open()) {
        step.take(start, whole.stream().map(use -> use.narrow(start, length)).toList());
      }
    }
  }

  /** {@code sum over uses of sum_t d_t a_t^T}: [batch, out, in(+1)]. */
  public static Tensor sequenceGradients(List<Use> uses) {
    return sum(uses, (input, gradient) -> OuterProducts.of(gradient, input));
  }

  /**
   * The sum over a layer's uses of what {@code product} makes of the inputs and the gradients; it
   * must make a new tensor.
   */
  public static Tensor sum(List<Use> uses, BinaryOperator<Tensor> product) {
    Tensor sum = product.apply(uses.getFirst().input(), uses.getFirst().gradient());
    for (Use use : uses.subList(1, uses.size())) {
      sum.plusInPlace(product.apply(use.input(), use.gradient()));
    }
    return sum;
  }

  record Call(int layer, boolean bias, Tensor input, Tensor output) {}

  static final class Recorder implements Tap {
    private final Map<Linear, Integer> indexOf = new HashMap<>();
    private final List<Call> calls = new ArrayList<>();

    Recorder(List<Linear> layers) {
      for (Linear layer : layers) {
        indexOf.put(layer, indexOf.size());
      }
    }

    @Override
    public Tensor observe(Linear layer, Tensor input, Tensor output) {
      Integer index = indexOf.get(layer);
      if (index == null) {
        return output;
      }
      // Where nothing before asks for gradients, the graph begins here: no operation below is
      // recorded.
      Tensor seen = output.requiresGradient() ? output : output.detach().requireGradient();
      calls.add(new Call(index, layer.hasBias(), input, seen));
      return seen;
    }

    /** The calls of each layer. */
    List<List<Call>> byLayer() {
      List<List<Call>> callsOfLayers = new ArrayList<>();
      indexOf.forEach((_, _) -> callsOfLayers.add(new ArrayList<>()));
      calls.forEach(call -> callsOfLayers.get(call.layer).add(call));
      return callsOfLayers;
    }

    List<List<Use>> uses(List<Tensor> gradients, Examples batch, DType type) {
      List<List<Use>> uses = new ArrayList<>();
      indexOf.forEach((_, _) -> uses.add(new ArrayList<>()));
      // Layers that read the same value share one prepared input.
      IdentityHashMap<Tensor, Tensor> plain = new IdentityHashMap<>();
      IdentityHashMap<Tensor, Tensor> homogeneous = new IdentityHashMap<>();
      for (int c = 0; c < calls.size(); c++) {
        Call call = calls.get(c);
        Tensor input =
            (call.bias ? homogeneous : plain)
                .computeIfAbsent(call.input, _ -> prepare(call, batch, type));
        uses.get(call.layer).add(new Use(input, gradients.get(c).to(type)));
      }
      return uses;
    }

    static Tensor prepare(Call call, Examples batch, DType type) {
      Tensor input = call.input.detach().to(type);
      if (call.bias) {
        Tensor bias = Tensors.ones(type, input.device(), input.size(0), input.size(1), 1);
        input = Tensors.cat(List.of(input, bias), 2);
      }
      if (batch.real().isPresent()) {
        input = input.times(batch.real().get().to(type).unsqueeze(2));
      }
      return input;
    }
  }
}
