package dev.whence.lab.evaluation;

import dev.whence.InvalidInputException;
import dev.whence.Progress;
import dev.whence.corpus.Corpus;
import dev.whence.corpus.Query;
import dev.whence.corpus.Selection;
import dev.whence.curvature.CurvatureKind;
import dev.whence.curvature.Damping;
import dev.whence.influence.Candidates;
import dev.whence.influence.InfluenceScan;
import dev.whence.influence.PreconditionedQueries;
import dev.whence.influence.TopInfluences;
import dev.whence.influence.TopInfluences.Entry;
import dev.whence.model.LanguageModel;
import dev.whence.model.Linear;
import dev.whence.run.Curvatures;
import dev.whence.run.RunFolder;
import dev.whence.trace.CorpusPass;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * Measures a filter's recall against a scan of the whole corpus, which is the share that it lets
 * through of the sequences that raise each query most, and the time that it saves. Close it after
 * use.
 */
public final class FilterRecall implements AutoCloseable {
  private static final int TOP = 100;

  private final LanguageModel model;
  private final List<Linear> layers;
  private final Corpus corpus;
  private final int batchTokens;
  private final Progress progress;
  private final PreconditionedQueries prepared;

  /**
   * The sequences that raise each query most, by a scan of the whole corpus.
   *
   * @param top at most 100 places for each query, strongest first
   * @param seconds that the scan took
   */
  public record Exact(List<long[]> top, double seconds) {}

  /**
   * The share of each query's strongest sequences that a filter lets through.
   *
   * @param top10 a value for each query that any sequence raises: the share of its 10 strongest, or
   *     of all when there are fewer
   * @param top100 the share of its 100 strongest, likewise
   */
  public record Recall(double[] top10, double[] top100) {}

  /** Preconditions the queries' gradients, with the default damping, at full rank. */
  public FilterRecall(
      RunFolder run,
      LanguageModel model,
      List<Query> queries,
      Corpus corpus,
      CurvatureKind curvature,
      int batchTokens,
      Progress progress) {
    this.model = model;
    this.corpus = corpus;
    this.batchTokens = batchTokens;
    this.progress = progress;
    this.layers = model.linears(run.manifest().layerNames());
    try (Curvatures curvatures =
        Curvatures.of(
            run.factors(model.type().accumulator(), model.device()), curvature, Damping.DEFAULT)) {
      this.prepared =
          PreconditionedQueries.of(model, layers, queries, curvatures.layers(), 0, progress);
    }
  }

  /** Scores every sequence of the corpus. */
  public Exact exact() {
    TopInfluences top = new TopInfluences(prepared.count(), TOP);
    double seconds = scan(Selection.all(corpus.size()), top);
    List<long[]> places =
        IntStream.range(0, prepared.count())
            .mapToObj(q -> top.raising(q).stream().mapToLong(Entry::place).toArray())
            .toList();
    return new Exact(places, seconds);
  }

  /** How long it takes to score the candidates alone, in seconds. */
  public double seconds(Candidates candidates) {
    return scan(candidates.union(), new TopInfluences(prepared.count(), TOP));
  }

  private double scan(Selection selection, TopInfluences top) {
    InfluenceScan scan =
        new InfluenceScan(
            model, layers, Optional.of(prepared), InfluenceScan.Detail.NONE, Optional.empty());
    try (Progress.Stage stage = progress.begin("scanning", selection.count(), "sequences")) {
      long start = System.nanoTime();
      scan.run(
          new CorpusPass(corpus, selection, batchTokens, model.device()),
          0,
          (places, scores) ->
              top.add(
                  Arrays.stream(places).map(selection::at).toArray(),
                  scores.influences(),
                  TopInfluences.Admission.ALL),
          _ -> {},
          stage);
      return (System.nanoTime() - start) / 1e9;
    }
  }

  /**
   * Computes a filter's recall, given the scan of the whole corpus.
   *
   * @throws InvalidInputException if no sequence raises any query, so that recall is undefined
   */
  public static Recall recall(Exact exact, Candidates candidates) {
    int[] raised =
        IntStream.range(0, exact.top.size()).filter(q -> exact.top.get(q).length > 0).toArray();
    if (raised.length == 0) {
      throw new InvalidInputException(
          "no sequence of the corpus raises any of the queries; give other --queries");
    }
    return new Recall(
        Arrays.stream(raised).mapToDouble(q -> share(exact, candidates, q, 10)).toArray(),
        Arrays.stream(raised).mapToDouble(q -> share(exact, candidates, q, TOP)).toArray());
  }

  private static double share(Exact exact, Candidates candidates, int query, int count) {
    return Arrays.stream(exact.top.get(query))
        .limit(count)
        .mapToDouble(place -> candidates.admits(query, place) ? 1 : 0)
        .average()
        .orElseThrow();
  }

  @Override
  public void close() {
    prepared.close();
  }
}
