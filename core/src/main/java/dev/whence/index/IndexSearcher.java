package dev.whence.index;

import dev.whence.InvalidInputException;
import dev.whence.Progress;
import dev.whence.budget.Compute;
import dev.whence.corpus.Corpus;
import dev.whence.corpus.Query;
import dev.whence.curvature.Damping;
import dev.whence.index.InfluenceIndex.Location;
import dev.whence.influence.Asked;
import dev.whence.influence.Candidates;
import dev.whence.influence.PreconditionedQueries;
import dev.whence.influence.SequenceAttribution;
import dev.whence.influence.SequenceAttribution.Pair;
import dev.whence.influence.TopInfluences;
import dev.whence.influence.TopInfluences.Entry;
import dev.whence.model.LanguageModel;
import dev.whence.model.Linear;
import dev.whence.run.Curvatures;
import dev.whence.run.RunFolder;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.LongStream;
import java.util.stream.Stream;

/**
 * Asks an index: estimates for all sequences from its records, exact influences for the best of
 * them from the model. Close it after use; the index, the run and the model stay the caller's.
 */
public final class IndexSearcher implements AutoCloseable {
  private final InfluenceIndex index;
  private final RunFolder run;
  private final LanguageModel model;
  private final Damping damping;
  private final List<Linear> layers;
  private final Asking asking;

  /**
   * A sequence that influences a query.
   *
   * @param place of the sequence in the index
   * @param influence in nats per unit of weight
   * @param attribution the influence by token and layer, where it was computed exactly
   */
  public record Found(long place, double influence, Optional<SequenceAttribution> attribution) {
    /** Whether the influence was computed, and is no estimate. */
    public boolean isExact() {
      return attribution.isPresent();
    }
  }

  /**
   * What was found for a query, strongest first.
   *
   * @param raising what makes its completion more likely
   * @param lowering what makes it less likely
   */
  public record Answer(List<Found> raising, List<Found> lowering) {}

  /**
   * Prepares to ask an index.
   *
   * @param damping need not be the one that the index was built with
   * @throws InvalidInputException when the index was made with another fit
   */
  public IndexSearcher(InfluenceIndex index, RunFolder run, LanguageModel model, Damping damping) {
    index.requireOf(run);
    this.index = index;
    this.run = run;
    this.model = model;
    this.damping = damping;
    this.layers = model.linears(run.manifest().layerNames());
    IndexSettings settings = index.settings();
    this.asking =
        switch (settings.keeps()) {
          case Keeps.WholeTraces traces -> new AskingTraces(traces.format(layers));
          case Keeps.Sides sides ->
              new AskingSides(
                  sides.format(),
                  Projections.ofQueries(run, model, settings, sides.format(), damping));
        };
  }

  /**
   * Estimates the influence of every sequence.
   *
   * @param count how many of each query and sign are returned
   * @return one answer a query, in their order
   */
  public List<Answer> estimate(List<Query> queries, int count) {
    try (Traced traced = trace(queries)) {
      return traced.estimate(count);
    }
  }

  private TopInfluences top(List<Query> queries, int count) {
    try (Traced traced = trace(queries)) {
      return traced.top(count);
    }
  }

  /** How queries are compared, which is by what the index keeps. */
  private sealed interface Asking {}

  private record AskingSides(SidesFormat format, Projections projections) implements Asking {}

  private record AskingTraces(TraceFormat format) implements Asking {}

  /** Takes the queries' gradients, which is what the model is needed for. */
  public Traced trace(List<Query> queries) {
    return switch (asking) {
      case AskingSides(SidesFormat format, Projections projections) -> {
        List<QuerySketch> sketches = QuerySketch.of(model, layers, projections, queries);
        MatchWeights weights = index.manifest().weights();
        yield new Traced(
            queries.size(),
            sink -> Sweep.byPositions(index, format, sketches, weights, _ -> true, sink),
            () -> {});
      }
      case AskingTraces(TraceFormat format) -> {
        PreconditionedQueries prepared = precondition(queries, Progress.NONE);
        Sweep sweep = new Sweep(index, new Comparison.ByTrace(format, layers, prepared));
        yield new Traced(
            queries.size(),
            sink -> sweep.run((place, estimates) -> sink.take(0, place, estimates)),
            prepared::close);
      }
    };
  }

  /** Queries that need only be compared with the records. Close it after use. */
  public static final class Traced implements AutoCloseable {
    private final int queries;
    private final Consumer<Sweep.GroupSink> sweep;
    private final Runnable closing;

    private Traced(int queries, Consumer<Sweep.GroupSink> sweep, Runnable closing) {
      this.queries = queries;
      this.sweep = sweep;
      this.closing = closing;
    }

    /** As {@link IndexSearcher#estimate}. */
    public List<Answer> estimate(int count) {
      TopInfluences top = top(count);
      List<Answer> answers = new ArrayList<>();
      for (int q = 0; q < queries; q++) {
        answers.add(new Answer(estimated(top.raising(q)), estimated(top.lowering(q))));
      }
      return answers;
    }

    private TopInfluences top(int count) {
      TopInfluences top = new TopInfluences(queries, count);
      sweep.accept((first, place, estimates) -> {
        for (int q = 0; q < estimates.length; q++) {
          top.add(first + q, place, estimates[q]);
        }
      });
      return top;
    }

    @Override
    public void close() {
      closing.run();
    }
  }

  /**
   * Estimates the influence of every sequence, and keeps all estimates.
   *
   * @return [queries][sequences], in nats per unit of weight
   */
  public float[][] estimates(List<Query> queries) {
    float[][] all = new float[queries.size()][Math.toIntExact(index.size())];
    try (Traced traced = trace(queries)) {
      traced.sweep.accept((first, place, estimates) -> {
        for (int q = 0; q < estimates.length; q++) {
          all[first + q][(int) place] = estimates[q];
        }
      });
    }
    return all;
  }

  /** The caller closes them. */
  private PreconditionedQueries precondition(List<Query> queries, Progress progress) {
    try (Curvatures curvatures =
        Curvatures.of(
            run.factors(model.type().accumulator(), model.device()),
            index.settings().curvature(),
            damping)) {
      return PreconditionedQueries.of(model, layers, queries, curvatures.layers(), 0, progress);
    }
  }

  private static List<Found> estimated(List<Entry> entries) {
    return entries.stream()
        .map(e -> new Found(e.place(), e.influence(), Optional.empty()))
        .toList();
  }

  /**
   * The sequences that are worth computing.
   *
   * @param rerank how many of each query and sign
   * @param tokenRerank how many of each token of the completions and sign; 0 asks for none by
   *     itself
   */
  public Candidates candidates(List<Query> queries, int rerank, int tokenRerank) {
    List<Asked> asked = Asked.of(queries, tokenRerank > 0);
    TopInfluences top = top(Asked.queries(asked), Math.max(rerank, tokenRerank));
    List<LongStream.Builder> places = new ArrayList<>();
    queries.forEach(_ -> places.add(LongStream.builder()));
    for (int q = 0; q < asked.size(); q++) {
      LongStream.Builder ofOwner = places.get(asked.get(q).owner());
      int wanted = asked.get(q).completionToken().isPresent() ? tokenRerank : rerank;
      Stream.of(top.raising(q), top.lowering(q))
          .flatMap(side -> side.stream().limit(wanted))
          .forEach(entry -> ofOwner.add(entry.place()));
    }
    return candidates(places.stream().map(LongStream.Builder::build), rerank);
  }

  /**
   * The sequences that are worth computing, of estimates that are there already.
   *
   * @param estimates of each query
   * @param rerank how many of each query and sign
   */
  public Candidates candidates(List<Answer> estimates, int rerank) {
    return candidates(
        estimates.stream()
            .map(answer ->
                Stream.of(answer.raising, answer.lowering)
                    .flatMap(side -> side.stream().limit(rerank))
                    .mapToLong(Found::place)),
        rerank);
  }

  private Candidates candidates(Stream<LongStream> places, int rerank) {
    Map<String, String> settings = new LinkedHashMap<>();
    settings.put("rerank", "" + rerank);
    settings.put("index-components", index.manifest().settings().getOrDefault("components", ""));
    settings.put("index-bits", index.manifest().settings().getOrDefault("bits", ""));
    return Candidates.of(
        places.map(all -> all.distinct().sorted().toArray()).toList(), index.size(), settings);
  }

  /**
   * Computes the influence of the best sequences.
   *
   * @param rerank how many of each query's best estimates, of each sign, are computed
   * @param compute whose memory decides how many queries' gradients are held at a time
   * @return those that were computed, one answer a query
   */
  public List<Answer> rerank(List<Query> queries, int rerank, Compute compute, Progress progress) {
    List<List<Entry>> best = new ArrayList<>();
    TopInfluences top = top(queries, rerank);
    for (int q = 0; q < queries.size(); q++) {
      best.add(bothSigns(top, q));
    }
    List<Answer> answers = new ArrayList<>();
    int most = queriesWithin(compute.working().bytes() / 2);
    for (int from = 0; from < queries.size(); from += most) {
      int to = Math.min(from + most, queries.size());
      try (PreconditionedQueries prepared = precondition(queries.subList(from, to), progress)) {
        answers.addAll(exact(best.subList(from, to), prepared, compute.batchTokens()));
      }
    }
    return answers;
  }

  /** How many queries' preconditioned gradients go into so much memory; one at least. */
  private int queriesWithin(long bytes) {
    long elements = layers.stream().mapToLong(layer -> layer.shape().elements()).sum();
    return Math.clamp(bytes / (elements * model.type().accumulator().bytes()), 1, 1 << 20);
  }

  /**
   * A pair to be computed.
   *
   * @param pair with the place in the corpus
   * @param place in the index
   */
  private record Wanted(Pair pair, long place) {}

  private static List<Entry> bothSigns(TopInfluences top, int query) {
    List<Entry> both = new ArrayList<>(top.raising(query));
    both.addAll(top.lowering(query));
    return both;
  }

  /**
   * Computes influences.
   *
   * @param best the places that are wanted, of each query
   */
  private List<Answer> exact(
      List<List<Entry>> best, PreconditionedQueries prepared, int batchTokens) {
    Map<Corpus, List<Wanted>> byCorpus = new LinkedHashMap<>();
    List<List<Found>> found = new ArrayList<>();
    for (int q = 0; q < best.size(); q++) {
      found.add(new ArrayList<>());
      for (Entry entry : best.get(q)) {
        Location location = index.locate(entry.place());
        byCorpus
            .computeIfAbsent(location.corpus(), _ -> new ArrayList<>())
            .add(new Wanted(new Pair(q, location.place()), entry.place()));
      }
    }
    byCorpus.forEach((corpus, wanted) -> {
      List<Pair> pairs = wanted.stream().map(Wanted::pair).toList();
      List<SequenceAttribution> attributions =
          SequenceAttribution.of(model, layers, prepared, pairs, corpus, batchTokens);
      for (int p = 0; p < pairs.size(); p++) {
        SequenceAttribution attribution = attributions.get(p);
        found
            .get(pairs.get(p).query())
            .add(new Found(wanted.get(p).place, attribution.total(), Optional.of(attribution)));
      }
    });
    return found.stream().map(all -> new Answer(strongest(all, 1), strongest(all, -1))).toList();
  }

  private static List<Found> strongest(List<Found> found, int sign) {
    return found.stream()
        .filter(f -> f.influence * sign > 0)
        .sorted((a, b) ->
            TopInfluences.STRONGEST_FIRST.compare(
                new Entry(a.place, a.influence), new Entry(b.place, b.influence)))
        .toList();
  }

  @Override
  public void close() {
    if (asking instanceof AskingSides(SidesFormat _, Projections projections)) {
      projections.close();
    }
  }
}
