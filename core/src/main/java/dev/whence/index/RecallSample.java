package dev.whence.index;

import dev.whence.corpus.Corpus;
import dev.whence.corpus.Query;
import dev.whence.corpus.Selection;
import dev.whence.influence.TopInfluences;
import dev.whence.influence.TopInfluences.Entry;
import dev.whence.tensor.Cholesky;
import dev.whence.tensor.Scope;
import dev.whence.tensor.Tensor;
import dev.whence.tensor.Tensors;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;

/**
 * Queries whose influences are computed exactly while an index is built: from some the weights of
 * the estimates are learned, on the others recall is measured.
 */
final class RecallSample {
  /** Queries that the weights are learned from at most: the weights are few. */
  private static final int LEARNED_FROM = 30;

  /** Sequences that the weights are learned from. */
  private static final int LEARNED_SEQUENCES = 20_000;

  /** A sample takes at most one in so many sequences of the corpus for its queries. */
  private static final int SEQUENCES_FOR_EACH = 10;

  private static final int TOP = 100;

  /** How many of an index's best are looked at. */
  private static final List<Integer> RERANKED = List.of(200, 1_000, 5_000);

  private final List<SampleQuery> learning;
  private final List<SampleQuery> measured;
  private final Selection learnedSequences;
  private final float[][] learnedInfluences; // [learning queries][learned sequences]
  private final TopInfluences top;
  private final List<Scored> pending = new ArrayList<>();

  /**
   * The exact influences of a batch.
   *
   * @param influences [batch, queries]
   */
  private record Scored(long[] places, double[] influences) {}

  private RecallSample(
      List<SampleQuery> learning, List<SampleQuery> measured, Selection learnedSequences) {
    this.learning = learning;
    this.measured = measured;
    this.learnedSequences = learnedSequences;
    this.learnedInfluences = new float[learning.size()][(int) learnedSequences.count()];
    this.top = new TopInfluences(measured.size(), TOP);
  }

  /**
   * Draws a sample.
   *
   * @param count the queries that recall is measured on; 0 for no sample at all
   */
  static RecallSample of(Corpus corpus, int count, long seed) {
    int most = (int) Math.min(count, corpus.size() / SEQUENCES_FOR_EACH);
    List<SampleQuery> drawn = SampleQuery.draw(corpus, most + Math.min(most, LEARNED_FROM), seed);
    // Where there are fewer than were asked for, they are shared.
    int learned = Math.max(drawn.size() - most, drawn.size() / 2);
    return new RecallSample(
        drawn.subList(0, learned),
        drawn.subList(learned, drawn.size()),
        Selection.spread(corpus.size(), LEARNED_SEQUENCES));
  }

  boolean isEmpty() {
    return measured.isEmpty();
  }

  /** All queries, those that are learned from first. */
  List<Query> queries() {
    List<Query> queries = new ArrayList<>(queries(learning));
    queries.addAll(queries(measured));
    return queries;
  }

  private static List<Query> queries(List<SampleQuery> sample) {
    return sample.stream().map(SampleQuery::query).toList();
  }

  /**
   * Takes exact influences [batch, queries] of the sequences at {@code places}. They count once
   * {@link #takePending} says that their chunk is whole: should memory run out before, the chunk is
   * gone through again.
   */
  void take(long[] places, Tensor influence) {
    double[] influences = influence.toDoubles();
    if (!Arrays.stream(influences).allMatch(Double::isFinite)) {
      throw new ArithmeticException(
          "influences on the queries that recall is measured by overflow or are not numbers; try --dtype float32 or float64");
    }
    pending.add(new Scored(places, influences));
  }

  /** Forgets what was taken of a chunk that will be gone through again. */
  void dropPending() {
    pending.clear();
  }

  /** Counts what was taken of a chunk. */
  void takePending() {
    pending.forEach(scored -> take(scored.places, scored.influences));
    pending.clear();
  }

  private void take(long[] places, double[] influences) {
    int queries = learning.size() + measured.size();
    for (int b = 0; b < places.length; b++) {
      long row = learnedRow(places[b]);
      for (int q = 0; q < queries; q++) {
        double value = influences[b * queries + q];
        if (q < learning.size()) {
          if (row >= 0) {
            learnedInfluences[q][(int) row] = (float) value;
          }
        } else if (!measured.get(q - learning.size()).isOwn(places[b])) {
          top.add(q - learning.size(), places[b], value);
        }
      }
    }
  }

  /** A sequence's row among those that are learned from, or -1. */
  private long learnedRow(long place) {
    long low = 0;
    long high = learnedSequences.count() - 1;
    while (low <= high) {
      long middle = (low + high) >>> 1;
      long at = learnedSequences.at(middle);
      if (at == place) {
        return middle;
      }
      if (at < place) {
        low = middle + 1;
      } else {
        high = middle - 1;
      }
    }
    return -1;
  }

  /** All that was taken, for a checkpoint. */
  Map<String, Tensor> toTensors() {
    Map<String, Tensor> tensors = new LinkedHashMap<>(top.toTensors());
    for (int q = 0; q < learnedInfluences.length; q++) {
      tensors.put("learned." + q, Tensors.of(learnedInfluences[q], learnedInfluences[q].length));
    }
    return tensors;
  }

  /** Takes up what {@link #toTensors} saved. */
  void addAll(Function<String, Tensor> tensors) {
    top.addAll(tensors.apply("query"), tensors.apply("place"), tensors.apply("influence"));
    for (int q = 0; q < learnedInfluences.length; q++) {
      learnedInfluences[q] = tensors.apply("learned." + q).toFloats();
    }
  }

  /**
   * The weights with the least squared error, large influences counting for more: what is wanted is
   * that the strongest are found.
   */
  MatchWeights learn(
      InfluenceIndex index, SidesFormat format, Function<List<Query>, List<QuerySketch>> sketch) {
    if (learning.isEmpty()) {
      return index.manifest().weights();
    }
    List<QuerySketch> sketches = sketch.apply(queries(learning));
    int rows = (int) learnedSequences.count();
    float[][][] parts = new float[MatchWeights.COUNT][rows][sketches.size()];
    for (int w = 0; w < MatchWeights.COUNT; w++) {
      float[][] part = parts[w];
      Sweep.byPositions(
          index,
          format,
          sketches,
          MatchWeights.only(w),
          place -> learnedRow(place) >= 0,
          (first, place, estimates) ->
              System.arraycopy(
                  estimates, 0, part[(int) learnedRow(place)], first, estimates.length));
    }
    double[] solution = leastSquares(parts);
    return MatchWeights.of(Arrays.stream(solution).map(w -> Math.max(0, w)).toArray());
  }

  private double[] leastSquares(float[][][] parts) {
    int n = MatchWeights.COUNT;
    double[] gram = new double[n * n];
    double[] right = new double[n];
    for (int q = 0; q < learning.size(); q++) {
      SampleQuery query = learning.get(q);
      double mean = 0;
      for (float influence : learnedInfluences[q]) {
        mean += Math.abs(influence) / learnedInfluences[q].length;
      }
      for (int row = 0; row < learnedInfluences[q].length; row++) {
        if (query.isOwn(learnedSequences.at(row)) || mean == 0) {
          continue;
        }
        double exact = learnedInfluences[q][row];
        // Each query counts alike, whatever the size of its influences.
        double weight = (Math.abs(exact) / mean + 0.1) / (mean * mean);
        for (int i = 0; i < n; i++) {
          right[i] += weight * exact * parts[i][row][q];
          for (int j = 0; j < n; j++) {
            gram[i * n + j] += weight * parts[i][row][q] * parts[j][row][q];
          }
        }
      }
    }
    try (Scope _ = Scope.open()) {
      for (int i = 0; i < n; i++) {
        gram[i * n + i] =
            gram[i * n + i] * (1 + 1e-4) + Double.MIN_NORMAL; // a part may be all zero
      }
      Cholesky factor = Cholesky.of(Tensors.of(gram, n, n));
      return factor.solve(Tensors.of(right, n, 1)).toDoubles();
    }
  }

  /**
   * Measures what the index finds of the sequences that raise the measured queries most.
   *
   * @param rank of the queries that were scored; 0 for whole gradients
   */
  Recall measure(
      int rank,
      InfluenceIndex index,
      SidesFormat format,
      MatchWeights weights,
      Function<List<Query>, List<QuerySketch>> sketch) {
    TopInfluences found = new TopInfluences(measured.size(), RERANKED.getLast());
    List<QuerySketch> sketches = sketch.apply(queries(measured));
    Sweep.byPositions(
        index,
        format,
        sketches,
        weights,
        _ -> true,
        (first, place, estimates) -> {
          for (int q = 0; q < estimates.length; q++) {
            if (!measured.get(first + q).isOwn(place)) {
              found.add(first + q, place, estimates[q]);
            }
          }
        });
    List<Recall.Level> levels = new ArrayList<>();
    levels.add(new Recall.Level(0, share(found, 10, 10), share(found, TOP, TOP)));
    for (int reranked : RERANKED) {
      if (reranked < index.size()) {
        levels.add(
            new Recall.Level(reranked, share(found, 10, reranked), share(found, TOP, reranked)));
      }
    }
    return new Recall(measured.size(), index.size(), rank, levels);
  }

  /** The mean share of the exact first {@code wanted} among the first {@code looked} found. */
  private double share(TopInfluences found, int wanted, int looked) {
    double sum = 0;
    int queries = 0;
    for (int q = 0; q < measured.size(); q++) {
      List<Entry> exact = top.raising(q).stream().limit(wanted).toList();
      Set<Long> places = new HashSet<>();
      found.raising(q).stream().limit(looked).forEach(entry -> places.add(entry.place()));
      if (!exact.isEmpty()) {
        sum +=
            (double) exact.stream().filter(e -> places.contains(e.place())).count() / exact.size();
        queries++;
      }
    }
    return queries == 0 ? 0 : sum / queries;
  }
}
