package dev.whence.attribution;

import dev.whence.Progress;
import dev.whence.budget.LayerRanges.Range;
import dev.whence.budget.ShrinkingBatches;
import dev.whence.corpus.Corpus;
import dev.whence.corpus.Query;
import dev.whence.corpus.Selection;
import dev.whence.influence.InfluenceScan;
import dev.whence.influence.PreconditionedQueries;
import dev.whence.influence.QuerySplit;
import dev.whence.model.Linear;
import dev.whence.results.RankCheck;
import dev.whence.trace.CorpusPass;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * Compares scores from products of rank r with those from whole gradients, on a sample spread over
 * the queries and the corpus.
 */
public final class RankSample {
  private RankSample() {}

  /** Draws the sample and scores it; both kinds of gradients share one pass over it. */
  static RankCheck of(
      Preconditioner preconditioner,
      List<Query> queries,
      Corpus corpus,
      Selection selection,
      AttributionSettings settings,
      AttributionMemory memory,
      Progress progress) {
    List<Query> sample = sample(queries);
    int queryCount = sample.size();
    Selection spread = Selection.spread(selection.count(), sampledSequences(selection.count()));
    long[] places =
        IntStream.range(0, (int) spread.count())
            .mapToLong(i -> selection.at(spread.at(i)))
            .toArray();
    int n = places.length;
    Scores scores =
        ShrinkingBatches.run(
            memory.batch().tokens(),
            (tokens, remark) -> {
              Scores empty = new Scores(new double[queryCount][n], new double[queryCount][n]);
              CorpusPass pass =
                  new CorpusPass(
                      corpus, Selection.of(places), tokens, preconditioner.model().device());
              empty.add(preconditioner, sample, settings.rank(), memory, pass, progress, remark);
              return empty;
            });
    double[] correlations =
        IntStream.range(0, queryCount)
            .mapToDouble(q -> correlation(scores.whole[q], scores.cut[q]))
            .toArray();
    return new RankCheck(
        queryCount,
        n,
        Arrays.stream(correlations).average().orElse(1),
        Arrays.stream(correlations).min().orElse(1));
  }

  /** The sample's scores, [queries][sequences], by whole and by truncated gradients. */
  private record Scores(double[][] whole, double[][] cut) {
    void add(
        Preconditioner preconditioner,
        List<Query> sample,
        int rank,
        AttributionMemory memory,
        CorpusPass pass,
        Progress progress,
        String remark) {
      QueryMemory room = memory.checking();
      QuerySplit split = room.split(sample.size());
      try (Progress.Stage stage =
          progress.begin(
              "checking the rank" + remark, (long) cut[0].length * split.passes(), "sequences")) {
        for (QuerySplit.Part part : split.parts()) {
          Range subset = part.queries();
          List<Range> ranges = room.passing(part);
          List<Linear> layers = part.layers().of(preconditioner.layers());
          try (PreconditionedQueries exact =
                  preconditioner.prepare(subset.of(sample), ranges, 0, Progress.NONE);
              PreconditionedQueries low =
                  preconditioner.prepare(subset.of(sample), ranges, rank, Progress.NONE)) {
            InfluenceScan exactScan = scan(preconditioner, layers, exact);
            InfluenceScan lowScan = scan(preconditioner, layers, low);
            pass.run(
                0,
                (at, batch) -> {
                  var trace = exactScan.trace(batch);
                  RankSample.addScores(whole, subset, at, exactScan.score(batch, trace));
                  RankSample.addScores(cut, subset, at, lowScan.score(batch, trace));
                },
                _ -> {},
                stage);
          }
        }
      }
    }
  }

  /** The queries of the sample, spread evenly over all of them. */
  public static <Q> List<Q> sample(List<Q> queries) {
    int size = Math.min(queries.size(), Math.clamp(queries.size() / 16, 4, 8));
    return IntStream.range(0, size).mapToObj(q -> queries.get(q * queries.size() / size)).toList();
  }

  /** How many sequences of a corpus are in the sample. */
  public static int sampledSequences(long sequences) {
    return (int) Math.min(sequences, Math.clamp(sequences / 64, 16, 256));
  }

  private static InfluenceScan scan(
      Preconditioner preconditioner, List<Linear> layers, PreconditionedQueries queries) {
    return new InfluenceScan(
        preconditioner.model(),
        layers,
        Optional.of(queries),
        InfluenceScan.Detail.NONE,
        Optional.empty());
  }

  private static void addScores(
      double[][] sums, Range queries, long[] places, InfluenceScan.Scores scores) {
    double[] values = scores.influences(); // [batch, queries]
    for (int b = 0; b < places.length; b++) {
      for (int q = 0; q < queries.size(); q++) {
        sums[queries.from() + q][(int) places[b]] += values[b * queries.size() + q];
      }
    }
  }

  /** Pearson's; 1 when either does not vary, for then no order is lost. */
  static double correlation(double[] x, double[] y) {
    double meanX = Arrays.stream(x).average().orElse(0);
    double meanY = Arrays.stream(y).average().orElse(0);
    double xx = 0;
    double yy = 0;
    double xy = 0;
    for (int i = 0; i < x.length; i++) {
      xx += (x[i] - meanX) * (x[i] - meanX);
      yy += (y[i] - meanY) * (y[i] - meanY);
      xy += (x[i] - meanX) * (y[i] - meanY);
    }
    return xx == 0 || yy == 0 ? 1 : xy / Math.sqrt(xx * yy);
  }
}
