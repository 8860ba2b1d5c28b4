package dev.whence.results;

import dev.whence.Progress;
import dev.whence.attribution.InfluenceScan;
import dev.whence.attribution.PreconditionedQueries;
import dev.whence.attribution.Query;
import dev.whence.attribution.QuerySplit;
import dev.whence.corpus.Corpus;
import dev.whence.corpus.Selection;
import dev.whence.model.CorpusPass;
import dev.whence.model.LayerRanges.Range;
import dev.whence.model.Linear;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * How well scores from products of rank r agree with those from whole gradients, on a sample spread
 * over the queries and the corpus.
 *
 * @param queries of the sample
 * @param sequences of the sample
 * @param meanCorrelation over the queries, of Pearson's correlation over the sequences
 * @param leastCorrelation of any of the queries
 */
public record RankCheck(
    int queries, long sequences, double meanCorrelation, double leastCorrelation) {

  /** Draws the sample; both kinds of gradients share one pass over it. */
  static RankCheck of(
      Preconditioner preconditioner,
      List<Query> queries,
      Corpus corpus,
      Selection selection,
      AttributionSettings settings,
      AttributionMemory memory,
      Progress progress) {
    List<Query> sample = sample(queries);
    int some = sample.size();
    Selection spread = Selection.spread(selection.count(), sampledOf(selection.count()));
    long[] places =
        IntStream.range(0, (int) spread.count())
            .mapToLong(i -> selection.at(spread.at(i)))
            .toArray();
    int n = places.length;
    double[][] whole = new double[some][n];
    double[][] cut = new double[some][n];
    QuerySplit split = memory.split(some, 0, false);
    try (Progress.Stage stage =
        progress.begin("checking the rank", (long) n * split.passes(), "sequences")) {
      for (QuerySplit.Part part : split.parts()) {
        Range asked = part.queries();
        List<Range> ranges = memory.passing(part.layers(), asked.size(), 0, false);
        List<Linear> layers = part.layers().of(preconditioner.layers());
        try (PreconditionedQueries exact =
                preconditioner.prepare(asked.of(sample), ranges, 0, Progress.NONE);
            PreconditionedQueries low =
                preconditioner.prepare(asked.of(sample), ranges, settings.rank(), Progress.NONE)) {
          InfluenceScan exactScan = scan(preconditioner, layers, exact);
          InfluenceScan lowScan = scan(preconditioner, layers, low);
          new CorpusPass(
                  corpus,
                  Selection.of(places),
                  memory.batch().tokens(),
                  preconditioner.model().device())
              .run(
                  0,
                  (at, batch) -> {
                    var trace = exactScan.trace(batch);
                    add(whole, asked, at, exactScan.score(batch, trace));
                    add(cut, asked, at, lowScan.score(batch, trace));
                  },
                  _ -> {},
                  stage);
        }
      }
    }
    double[] correlations =
        IntStream.range(0, some).mapToDouble(q -> correlation(whole[q], cut[q])).toArray();
    return new RankCheck(
        some,
        n,
        Arrays.stream(correlations).average().orElse(1),
        Arrays.stream(correlations).min().orElse(1));
  }

  /** Those of some queries that are in the sample. */
  public static <Q> List<Q> sample(List<Q> queries) {
    int some = Math.min(queries.size(), Math.clamp(queries.size() / 16, 4, 8));
    return IntStream.range(0, some).mapToObj(q -> queries.get(q * queries.size() / some)).toList();
  }

  /** How many of some sequences are in the sample. */
  public static int sampledOf(long sequences) {
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

  private static void add(
      double[][] sums, Range queries, long[] places, InfluenceScan.Scores scores) {
    double[] values = scores.influence().orElseThrow().toDoubles(); // [batch, queries]
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
