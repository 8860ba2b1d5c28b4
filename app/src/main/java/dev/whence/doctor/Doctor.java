package dev.whence.doctor;

import dev.whence.Progress;
import dev.whence.corpus.Query;
import dev.whence.corpus.Tokenizer;
import dev.whence.curvature.Curvature;
import dev.whence.curvature.CurvatureKind;
import dev.whence.curvature.Damping;
import dev.whence.curvature.LayerFactors.Kronecker;
import dev.whence.fit.FitSettings;
import dev.whence.fit.MemoryFit;
import dev.whence.influence.InfluenceScan;
import dev.whence.influence.InfluenceScan.Detail;
import dev.whence.influence.PreconditionedQueries;
import dev.whence.model.LanguageModel;
import dev.whence.model.LayerSelection;
import dev.whence.model.Linear;
import dev.whence.model.Tap;
import dev.whence.tensor.Scope;
import dev.whence.tensor.Tensor;
import dev.whence.trace.Targets;
import dev.whence.trace.TokenBatch;
import dev.whence.trace.Trace;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.IntStream;

/**
 * Examines a model with a few sequences: the claims of the method, each with the number that
 * supports or refutes it.
 */
public final class Doctor {
  /** The tolerance of a model in float64, relative to the largest value. */
  private static final double EXACT = 1e-9;

  private static final Targets GIVEN = new Targets.Given();
  private static final Targets SAMPLED = new Targets.Sampled(0, 0);

  private final LanguageModel model;
  private final LanguageModel single;
  private final Optional<Tokenizer> tokenizer;
  private final List<int[]> sequences;
  private final List<Linear> layers;

  /** A claim and how to examine it. */
  public record Examination(String claim, Supplier<Check> check) {}

  /**
   * Prepares to examine a model.
   *
   * @param model in float64
   * @param single the same model in float32
   * @param sequences a few, of different lengths, two tokens at least
   */
  public Doctor(
      LanguageModel model,
      LanguageModel single,
      Optional<Tokenizer> tokenizer,
      LayerSelection selection,
      List<int[]> sequences) {
    this.model = model;
    this.single = single;
    this.tokenizer = tokenizer;
    this.sequences = sequences;
    // The two smallest layers run the code that all do, and stay affordable in a large model.
    this.layers =
        selection.of(model).stream()
            .sorted(Comparator.comparingLong(l -> (long) l.outputs() * l.inputs()))
            .limit(2)
            .toList();
  }

  /** All examinations, to be run in order. */
  public List<Examination> examinations() {
    List<Examination> all = new ArrayList<>();
    tokenizer.ifPresent(
        t -> all.add(new Examination("text survives the tokenizer", () -> roundTrip(t))));
    all.add(new Examination("padding and batching change no log-probability", this::padding));
    all.add(new Examination("float32 agrees with float64", this::precision));
    all.add(new Examination("gradients match finite differences", this::finiteDifferences));
    all.add(new Examination("sampled targets ignore the batch", this::sampling));
    all.add(new Examination("lambda is the same by both routes", this::lambdaRoutes));
    all.add(new Examination("tokens and layers sum to the total", this::sums));
    all.add(new Examination("a sequence's score of itself is its self-influence", this::self));
    all.add(new Examination("low rank tends to full rank", this::lowRank));
    return all;
  }

  private Check roundTrip(Tokenizer t) {
    String text = "The quick brown fox, 42 naïve cafés.";
    String back = t.decode(t.encode(text));
    return new Check(back.contains(text), back.contains(text) ? "" : "came back as: " + back);
  }

  private TokenBatch batch(LanguageModel m, int... rows) {
    return TokenBatch.of(
        Arrays.stream(rows).mapToObj(r -> TokenBatch.Row.whole(sequences.get(r), r)).toList(),
        m.device());
  }

  private int[] allRows() {
    return IntStream.range(0, sequences.size()).toArray();
  }

  private double[] logProbabilities(LanguageModel m, Tap tap, int... rows) {
    try (Scope _ = Scope.open()) {
      TokenBatch batch = batch(m, rows);
      return batch.logProbabilities(m.logits(batch.inputs(), tap)).sum(1).toDoubles();
    }
  }

  private Check padding() {
    double[] together = logProbabilities(model, Tap.NONE, allRows());
    double[] alone =
        Arrays.stream(allRows())
            .mapToDouble(r -> logProbabilities(model, Tap.NONE, r)[0])
            .toArray();
    return Check.within(relativeError(together, alone), EXACT);
  }

  private Check precision() {
    return Check.within(
        relativeError(
            logProbabilities(single, Tap.NONE, allRows()),
            logProbabilities(model, Tap.NONE, allRows())),
        1e-3);
  }

  /** Compares the slope along each layer's gradient with the gradient's norm. */
  private Check finiteDifferences() {
    double worst = 0;
    for (Linear layer : layers) {
      try (Scope _ = Scope.open()) {
        Trace trace = Trace.of(model, List.of(layer), batch(model, 0), GIVEN);
        Tensor direction = trace.sequenceGradients(0).select(0, 0); // [out, in]
        double expected = direction.norm().item();
        Tensor unit = direction.over(Math.max(expected, Double.MIN_NORMAL));
        double step = 1e-3;
        double slope =
            (logProbabilities(model, nudge(layer, unit.times(step)), 0)[0]
                    - logProbabilities(model, nudge(layer, unit.times(-step)), 0)[0])
                / (2 * step);
        worst = Math.max(worst, Math.abs(slope - expected) / Math.max(1e-9, expected));
      }
    }
    return Check.within(worst, 1e-3);
  }

  /** A tap that acts as if {@code change} [out, in] were added to the weights of a layer. */
  private static Tap nudge(Linear layer, Tensor change) {
    return (used, input, output) -> {
      if (!used.equals(layer)) {
        return output;
      }
      long width = input.size(-1);
      Tensor nudged = output.plus(input.matmul(change.narrow(1, 0, width).t()));
      return layer.hasBias() ? nudged.plus(change.select(1, width)) : nudged;
    };
  }

  private Check sampling() {
    try (Scope _ = Scope.open()) {
      int last = sequences.size() - 1;
      Trace together = Trace.of(model, layers, batch(model, allRows()), SAMPLED);
      Trace alone = Trace.of(model, layers, batch(model, last), SAMPLED);
      return Check.within(
          relativeError(
              together.sequenceGradients(0).select(0, last).reshape(-1).toDoubles(),
              alone.sequenceGradients(0).reshape(-1).toDoubles()),
          EXACT);
    }
  }

  private Check lambdaRoutes() {
    try (Scope _ = Scope.open();
        Fitted fitted = fit()) {
      Kronecker pair = fitted.fit.layers().getFirst().kronecker().orElseThrow();
      Trace trace = Trace.of(model, layers, batch(model, allRows()), SAMPLED);
      Tensor rotatedLast =
          pair.gradient().rotateRows(pair.activation().rotate(trace.sequenceGradients(0)));
      Tensor rotatedFirst =
          Trace.sequenceGradients(
              trace.uses(0).stream()
                  .map(use ->
                      new Trace.Use(
                          pair.activation().rotate(use.input()),
                          pair.gradient().rotate(use.gradient())))
                  .toList());
      return Check.within(
          relativeError(
              rotatedFirst.square().sum(0).reshape(-1).toDoubles(),
              rotatedLast.square().sum(0).reshape(-1).toDoubles()),
          EXACT);
    }
  }

  private Check sums() {
    try (Scope _ = Scope.open();
        Fitted fitted = fit();
        PreconditionedQueries queries = queries(fitted, 0)) {
      TokenBatch batch = batch(model, allRows());
      double[] total = scores(queries, Detail.NONE, fitted, batch).influences();
      InfluenceScan.Scores parts = scores(queries, new Detail(true, true), fitted, batch);
      double byLayer = relativeError(parts.layerwise().orElseThrow().sum(2).toDoubles(), total);
      double byToken = relativeError(parts.tokenwise().orElseThrow().sum(2).toDoubles(), total);
      return Check.within(Math.max(byLayer, byToken), EXACT);
    }
  }

  private Check self() {
    try (Scope _ = Scope.open();
        Fitted fitted = fit();
        PreconditionedQueries queries = queries(fitted, 0)) {
      InfluenceScan.Scores scores = scores(queries, Detail.NONE, fitted, batch(model, allRows()));
      double[] pairwise = scores.influences(); // [sequences, sequences]
      int n = sequences.size();
      double[] diagonal = IntStream.range(0, n).mapToDouble(i -> pairwise[i * n + i]).toArray();
      return Check.within(
          relativeError(diagonal, scores.selfInfluence().orElseThrow().toDoubles()), EXACT);
    }
  }

  private Check lowRank() {
    try (Scope _ = Scope.open();
        Fitted fitted = fit();
        PreconditionedQueries full = queries(fitted, 0)) {
      TokenBatch batch = batch(model, allRows());
      double[] expected = scores(full, Detail.NONE, fitted, batch).influences();
      int widest = layers.stream().mapToInt(l -> Math.min(l.outputs(), l.inputs())).max().orElse(1);
      double error;
      try (PreconditionedQueries whole = queries(fitted, widest)) {
        error = relativeError(scores(whole, Detail.NONE, fitted, batch).influences(), expected);
      }
      return Check.within(error, EXACT);
    }
  }

  private InfluenceScan.Scores scores(
      PreconditionedQueries queries, Detail detail, Fitted fitted, TokenBatch batch) {
    return new InfluenceScan(
            model, layers, Optional.of(queries), detail, Optional.of(fitted.curvatures))
        .score(batch);
  }

  private PreconditionedQueries queries(Fitted fitted, int rank) {
    List<Query> whole = sequences.stream().map(s -> new Query("", new int[0], s, "", "")).toList();
    return PreconditionedQueries.of(model, layers, whole, fitted.curvatures, rank, Progress.NONE);
  }

  /** EK-FAC of the examined layers from the few sequences, by the fit's own code. */
  private record Fitted(MemoryFit fit, List<Curvature> curvatures) implements AutoCloseable {
    @Override
    public void close() {
      curvatures.forEach(Curvature::close);
      fit.close();
    }
  }

  private Fitted fit() {
    try (Scope _ = Scope.open()) {
      TokenBatch batch = batch(model, allRows());
      MemoryFit fit =
          MemoryFit.of(model, layers, step -> step.accept(batch), batch, FitSettings.DEFAULT);
      return new Fitted(
          fit,
          fit.layers().stream()
              .map(factors -> factors.curvature(CurvatureKind.EKFAC, Damping.DEFAULT))
              .toList());
    }
  }

  /** The largest difference, relative to the largest expected value. */
  private static double relativeError(double[] actual, double[] expected) {
    double difference = 0;
    double largest = 1e-300;
    for (int i = 0; i < expected.length; i++) {
      double d = Math.abs(actual[i] - expected[i]);
      difference = Double.isNaN(d) ? Double.NaN : Math.max(difference, d);
      largest = Math.max(largest, Math.abs(expected[i]));
    }
    return difference / largest;
  }
}
