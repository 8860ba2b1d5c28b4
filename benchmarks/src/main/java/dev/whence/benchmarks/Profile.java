package dev.whence.benchmarks;

import dev.whence.curvature.Blocks;
import dev.whence.curvature.Covariance;
import dev.whence.curvature.Eigenbasis;
import dev.whence.curvature.LayerFactors.Kronecker;
import dev.whence.influence.LayerQueries;
import dev.whence.model.LanguageModel;
import dev.whence.model.LayerSelection;
import dev.whence.model.Linear;
import dev.whence.tensor.DType;
import dev.whence.tensor.Device;
import dev.whence.tensor.Scope;
import dev.whence.tensor.Tensor;
import dev.whence.tensor.Tensors;
import dev.whence.trace.Targets;
import dev.whence.trace.TokenBatch;
import dev.whence.trace.Trace;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.function.Consumer;

/**
 * Where the time goes: the steps that the passes are made of, each by itself, on one batch of the
 * default size.
 */
final class Profile {
  private static final int SEQUENCES = 16;
  private static final int TRIES = 5;
  private static final int QUERIES = 64;

  private final Shapes shapes;
  private final LeastWork least;
  private final double ceiling;
  private final Consumer<String> printer;

  private Profile(Shapes shapes, double ceiling, Consumer<String> printer) {
    this.shapes = shapes;
    this.least = new LeastWork(shapes);
    this.ceiling = ceiling;
    this.printer = printer;
  }

  /**
   * Prints the table.
   *
   * @param ceiling GFLOP/s
   */
  static void print(Path folder, Shapes shapes, double ceiling, Consumer<String> printer) {
    try (LanguageModel model =
            LanguageModel.load(folder.resolve("model"), DType.FLOAT32, Device.CPU);
        Scope _ = Scope.open()) {
      new Profile(shapes, ceiling, printer).print(model);
    }
  }

  private void print(LanguageModel model) {
    List<Linear> layers = LayerSelection.MLP.of(model);
    TokenBatch batch = batch();
    printer.accept("\n| step, a sequence | ms | ms by the GEMM ceiling |\n|---|---|---|\n");
    row("forward", least.forward(), () -> model.logits(batch.inputs(), (_, _, y) -> y));
    row("trace", least.trace(), () -> Trace.of(model, layers, batch, new Targets.Given()));
    row(
        "trace with sampled targets",
        least.trace(),
        () -> Trace.of(model, layers, batch, new Targets.Sampled(0, 0)));
    Trace trace = Trace.of(model, layers, batch, new Targets.Given());

    List<Covariance> sums = new ArrayList<>();
    for (Linear layer : layers) {
      sums.add(covariance(layer.inputs()));
      sums.add(covariance(layer.outputs()));
    }
    row(
        "covariances",
        least.covariance() - least.trace(),
        () -> {
          for (int l = 0; l < layers.size(); l++) {
            sums.get(2 * l).add(trace.uses(l).getFirst().input());
            sums.get(2 * l + 1).add(trace.uses(l).getFirst().gradient());
          }
        });
    sums.forEach(Covariance::close);

    row(
        "gradients D",
        least.gradients(),
        () -> each(trace, layers, (_, uses) -> Trace.sequenceGradients(uses)));
    List<Kronecker> bases = layers.stream().map(Profile::bases).toList();
    row(
        "gradients D in the eigenbases",
        least.lambda() - least.trace(),
        () -> each(trace, layers, (l, uses) -> Trace.sum(uses, bases.get(l)::rotatedGradients)));
    bases.forEach(b -> {
      b.activation().close();
      b.gradient().close();
    });
    List<LayerQueries> queries = layers.stream().map(Profile::queries).toList();
    row(
        "scores for 64 queries by D",
        least.scan(QUERIES) - least.trace(),
        () -> each(trace, layers, (l, uses) -> queries.get(l).byGradients(uses)));
    queries.forEach(LayerQueries::close);
  }

  private interface Step {
    void take(int layer, List<Trace.Use> uses);
  }

  /** As a scan does it: some sequences at a time. */
  private static void each(Trace trace, List<Linear> layers, Step step) {
    for (int l = 0; l < layers.size(); l++) {
      int layer = l;
      long elements = (long) layers.get(l).outputs() * layers.get(l).inputs();
      trace.slices(
          l,
          dev.whence.budget.ModelShape.SLICE_ELEMENTS / elements,
          (_, uses) -> step.take(layer, uses));
    }
  }

  private void row(String what, double gflop, Runnable work) {
    List<Double> seconds = new ArrayList<>();
    for (int i = -1; i < TRIES; i++) {
      try (Scope _ = Scope.open()) {
        long start = System.nanoTime();
        work.run();
        if (i >= 0) {
          seconds.add((System.nanoTime() - start) * 1e-9 / SEQUENCES);
        }
      }
    }
    printer.accept(
        String.format(
            Locale.ROOT,
            "| %s | %.1f | %.1f |%n",
            what,
            1000 * Report.median(seconds),
            1000 * gflop / ceiling));
  }

  private TokenBatch batch() {
    Random random = new Random(1);
    List<TokenBatch.Row> rows = new ArrayList<>();
    for (int i = 0; i < SEQUENCES; i++) {
      int[] tokens = random.ints(shapes.positions() + 1, 0, shapes.vocabulary()).toArray();
      rows.add(TokenBatch.Row.whole(tokens, i));
    }
    return TokenBatch.of(rows, Device.CPU);
  }

  private static Covariance covariance(int size) {
    return Covariance.zero(new Blocks(size, 1), DType.FLOAT32, Device.CPU);
  }

  /** Any matrices of the right size: what is in them does not change the time. */
  private static Kronecker bases(Linear layer) {
    return new Kronecker(basis(layer.inputs()), basis(layer.outputs()), 1);
  }

  private static Eigenbasis basis(int size) {
    return new Eigenbasis(new Blocks(size, 1), ones(size).keep(), List.of(ones(size, size).keep()));
  }

  private static LayerQueries queries(Linear layer) {
    return new LayerQueries.Expanded(
        new LayerQueries.LowRank(
            ones(QUERIES, layer.outputs(), 1).keep(), ones(QUERIES, 1, layer.inputs()).keep()),
        ones(layer.outputs(), layer.inputs(), QUERIES).keep());
  }

  private static Tensor ones(long... shape) {
    return Tensors.ones(DType.FLOAT32, Device.CPU, shape);
  }
}
