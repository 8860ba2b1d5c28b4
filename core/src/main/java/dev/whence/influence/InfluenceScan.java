package dev.whence.influence;

import dev.whence.Progress;
import dev.whence.budget.ModelShape;
import dev.whence.curvature.Curvature;
import dev.whence.model.Linear;
import dev.whence.model.Model;
import dev.whence.tensor.Scope;
import dev.whence.tensor.Tensor;
import dev.whence.tensor.Tensors;
import dev.whence.trace.CorpusPass;
import dev.whence.trace.Examples;
import dev.whence.trace.InTurns;
import dev.whence.trace.Targets;
import dev.whence.trace.Trace;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.LongConsumer;

/** Scores every sequence of a corpus against all queries, in one pass (METHOD 2.5). */
public final class InfluenceScan {
  private final Model model;
  private final List<Linear> layers;
  private final Optional<PreconditionedQueries> queries;
  private final Detail detail;
  private final Optional<List<Curvature>> selfCurvatures;

  /** What is reported beside the total. */
  public record Detail(boolean layerwise, boolean tokenwise) {
    public static final Detail NONE = new Detail(false, false);
  }

  /**
   * The scores of a batch.
   *
   * @param influence in nats per unit of weight on the sequence, [batch, queries]; absent without
   *     queries
   * @param layerwise [batch, queries, layers]
   * @param tokenwise [batch, queries, positions]
   * @param selfInfluence {@code <D, (G + lambda)^-1 D>}, [batch]
   * @param summands what the influence is the sum of
   */
  public record Scores(
      Optional<Tensor> influence,
      Optional<Tensor> layerwise,
      Optional<Tensor> tokenwise,
      Optional<Tensor> selfInfluence,
      Summands summands) {
    /** Scores whose origin is not known. */
    public Scores(
        Optional<Tensor> influence,
        Optional<Tensor> layerwise,
        Optional<Tensor> tokenwise,
        Optional<Tensor> selfInfluence) {
      this(influence, layerwise, tokenwise, selfInfluence, Summands.NONE);
    }

    /**
     * Reads the influences, [batch, queries] in row-major order. This is where a scan waits for its
     * device, and where it looks whether they are numbers.
     *
     * @throws ArithmeticException naming the layer where they are none
     */
    public double[] influences() {
      double[] values = influence.orElseThrow().toDoubles();
      if (!Arrays.stream(values).allMatch(Double::isFinite)) {
        throw summands.notFinite();
      }
      return values;
    }

    /**
     * Looks whether the influences are numbers, where nobody reads them yet.
     *
     * @throws ArithmeticException naming the layer where they are none
     */
    public void requireFinite() {
      if (!influence.map(Tensor::isFinite).orElse(true)) {
        throw summands.notFinite();
      }
    }

    /** The scores of the first queries alone. */
    public Scores ofFirst(int queries) {
      return new Scores(
          influence.map(t -> t.narrow(1, 0, queries)),
          layerwise.map(t -> t.narrow(1, 0, queries)),
          tokenwise.map(t -> t.narrow(1, 0, queries)),
          selfInfluence,
          summands);
    }
  }

  /**
   * The influences through each layer, whose sum is the influence.
   *
   * @param byLayer each [batch, queries]
   */
  public record Summands(List<Linear> layers, List<Tensor> byLayer) {
    static final Summands NONE = new Summands(List.of(), List.of());

    private ArithmeticException notFinite() {
      for (int l = 0; l < byLayer.size(); l++) {
        if (!byLayer.get(l).isFinite()) {
          return new ArithmeticException(
              "influences through layer %s overflow or are not numbers; try --dtype float32 or float64"
                  .formatted(layers.get(l).name()));
        }
      }
      return new ArithmeticException(
          "influences overflow when they are summed over layers; try --dtype float64");
    }
  }

  /** What receives the scores, batch by batch. */
  @FunctionalInterface
  public interface Sink {
    /**
     * Takes the scores of a batch of sequences; the tensors live until it returns.
     *
     * @param places of the sequences in the pass's selection
     */
    void take(long[] places, Scores scores);

    /**
     * Takes what the scores of some sequences were made of, after the scores; it lives until this
     * returns. Not called where a sequence is scored in several parts.
     *
     * @param places of the sequences in the pass's selection
     */
    default void traced(
        long[] places, Examples batch, Trace trace, PreconditionedQueries queries) {}
  }

  /**
   * Prepares a scan.
   *
   * @param selfCurvatures one per layer, when self-influence is wanted
   */
  public InfluenceScan(
      Model model,
      List<Linear> layers,
      Optional<PreconditionedQueries> queries,
      Detail detail,
      Optional<List<Curvature>> selfCurvatures) {
    this.model = model;
    this.layers = layers;
    this.queries = queries;
    this.detail = detail;
    this.selfCurvatures = selfCurvatures;
  }

  /** Scans; the arguments are those of {@link CorpusPass#run}. */
  public void run(
      CorpusPass pass, long from, Sink sink, LongConsumer chunkDone, Progress.Stage stage) {
    pass.run(
        from,
        (places, batch) -> {
          Trace trace = trace(batch);
          sink.take(places, score(batch, trace));
          queries.ifPresent(prepared -> sink.traced(places, batch, trace, prepared));
        },
        chunkDone,
        stage);
  }

  /**
   * Scans by several devices, which take the batches of a chunk in turn; the sink gets the batches
   * in their order, one at a time, from whatever thread.
   *
   * @param scans the same scan on each device
   */
  public static void run(
      List<InfluenceScan> scans,
      CorpusPass pass,
      long from,
      Sink sink,
      LongConsumer chunkDone,
      Progress.Stage stage) {
    pass.chunks(
        from,
        chunk ->
            InTurns.run(
                0,
                chunk.batches().size(),
                scans.stream().map(scan -> scan.worker(chunk, sink, stage)).toList()),
        chunkDone);
  }

  private InTurns.Worker worker(CorpusPass.Chunk chunk, Sink sink, Progress.Stage stage) {
    return piece -> {
      long[] places = chunk.batches().get(piece);
      Examples batch = chunk.tokens(places, model.device());
      Trace trace = trace(batch);
      Scores scores = score(batch, trace);
      return () -> {
        sink.take(places, scores);
        queries.ifPresent(prepared -> sink.traced(places, batch, trace, prepared));
        stage.advance(places.length);
      };
    };
  }

  /** The scores of one batch; belongs to the caller's scope. */
  public Scores score(Examples batch) {
    return score(batch, trace(batch));
  }

  /** Traces a batch for {@link #score(Examples, Trace)}; scans of the same layers can share it. */
  public Trace trace(Examples batch) {
    return Trace.of(model, layers, batch, new Targets.Given());
  }

  /** The scores of a batch that was traced; belongs to the caller's scope. */
  public Scores score(Examples batch, Trace trace) {
    Optional<Tensor> self = selfCurvatures.map(c -> selfInfluence(trace, batch, c));
    if (queries.isEmpty()) {
      return new Scores(Optional.empty(), Optional.empty(), Optional.empty(), self);
    }
    PreconditionedQueries prepared = queries.get();
    List<Tensor> byLayer = new ArrayList<>(); // each [batch, queries]
    Optional<Tensor> tokens = Optional.empty(); // [batch, positions, queries]
    if (detail.tokenwise) {
      Tensor byToken = zeros(batch.size(), positions(trace), prepared.count());
      tokens = Optional.of(byToken);
    }
    for (int l = 0; l < layers.size(); l++) {
      int layer = l;
      LayerQueries queriesAtLayer = prepared.layers().get(l);
      Optional<Tensor> sum = tokens;
      // What a layer's scores are made of goes before the next layer's is made.
      byLayer.add(
          Scope.result(() -> {
            if (sum.isEmpty()) {
              return scores(trace, layer, queriesAtLayer, batch);
            }
            Tensor positions = queriesAtLayer.byPositions(trace.uses(layer));
            sum.get().plusInPlace(positions);
            return positions.sum(1);
          }));
    }
    Tensor total = byLayer.getFirst().copy();
    byLayer.subList(1, byLayer.size()).forEach(total::plusInPlace);
    return new Scores(
        Optional.of(total),
        detail.layerwise ? Optional.of(Tensors.stack(byLayer, 2)) : Optional.empty(),
        tokens.map(t -> t.transpose(1, 2)),
        self,
        new Summands(layers, byLayer));
  }

  private static long positions(Trace trace) {
    return trace.uses(0).getFirst().input().size(1);
  }

  private Tensor zeros(long... shape) {
    return Tensors.zeros(model.type().accumulator(), model.device(), shape);
  }

  private Tensor scores(Trace trace, int layer, LayerQueries queries, Examples batch) {
    Linear linear = layers.get(layer);
    long matrix = (long) linear.outputs() * linear.inputs();
    Tensor scores = zeros(batch.size(), queries.count());
    trace.slices(
        layer,
        ModelShape.SLICE_ELEMENTS / matrix,
        (first, uses) -> {
          long sequences = uses.getFirst().input().size(0);
          ScoreRoute route =
              ScoreRoute.cheapest(
                  new ScoreRoute.Sizes(
                      sequences,
                      uses.getFirst().input().size(1) * uses.size(),
                      linear.outputs(),
                      linear.inputs(),
                      queries.count(),
                      queries.rank(),
                      queries.isFormed()));
          scores.narrow(0, first, sequences).copyInPlace(queries.scores(uses, route));
        });
    return scores;
  }

  private Tensor selfInfluence(Trace trace, Examples batch, List<Curvature> curvatures) {
    Tensor sum = zeros(batch.size());
    for (int l = 0; l < layers.size(); l++) {
      Curvature curvature = curvatures.get(l);
      long matrix = (long) layers.get(l).outputs() * layers.get(l).inputs();
      trace.slices(
          l,
          ModelShape.SLICE_ELEMENTS / matrix,
          (first, uses) -> {
            Tensor forms = curvature.quadraticForm(Trace.sum(uses, curvature::coordinates));
            sum.narrow(0, first, forms.size(0)).plusInPlace(forms);
          });
    }
    return sum;
  }
}
