package dev.whence.attribution;

import dev.whence.corpus.Corpus;
import dev.whence.corpus.Selection;
import dev.whence.influence.Asked;
import dev.whence.influence.Candidates;
import dev.whence.influence.InfluenceScan;
import dev.whence.influence.PreconditionedQueries;
import dev.whence.influence.TopInfluences;
import dev.whence.influence.TraceSink;
import dev.whence.tensor.Scope;
import dev.whence.tensor.Tensor;
import dev.whence.trace.Examples;
import dev.whence.trace.Trace;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** Takes the scores of an attribution's scan, and passes on what is somebody else's. */
final class ScanSink implements InfluenceScan.Sink {
  private final Corpus corpus;
  private final Selection selection;
  private final List<Asked> asked;
  private final TopInfluences top;
  private final TopInfluences.Admission admission;
  private final Optional<ScanAttributions> attributions;
  private final Optional<TraceSink> along;
  private final Optional<ScoresFile> scoresFile;
  private Optional<Tensor> alongScores = Optional.empty(); // of a batch, until it is traced

  /**
   * A sink.
   *
   * @param asked the queries that the first scores are of, whole ones before their tokens
   * @param along whose queries the other scores are of
   */
  ScanSink(
      Corpus corpus,
      Selection selection,
      List<Asked> asked,
      Optional<Candidates> candidates,
      TopInfluences top,
      Optional<ScanAttributions> attributions,
      Optional<TraceSink> along,
      Optional<ScoresFile> scoresFile) {
    this.corpus = corpus;
    this.selection = selection;
    this.asked = asked;
    this.top = top;
    this.attributions = attributions;
    this.along = along;
    this.scoresFile = scoresFile;
    this.admission =
        candidates
            .<TopInfluences.Admission>map(
                c -> (query, place) -> c.admits(asked.get(query).owner(), place))
            .orElse(TopInfluences.Admission.ALL);
  }

  @Override
  public void take(long[] places, InfluenceScan.Scores scores) {
    try (Scope _ = Scope.open()) {
      InfluenceScan.Scores own = scores.ofFirst(asked.size());
      double[] influences = own.influence().isPresent() ? own.influences() : new double[0];
      if (influences.length > 0) {
        top.add(sequences(places), influences, admission);
      }
      int whole = (int) asked.stream().filter(a -> a.completionToken().isEmpty()).count();
      scoresFile.ifPresent(file -> file.add(places, scores.ofFirst(whole), influences));
    }
    alongScores =
        scores
            .influence()
            .filter(all -> all.size(1) > asked.size())
            .map(all -> all.narrow(1, asked.size(), all.size(1) - asked.size()));
  }

  @Override
  public void traced(long[] places, Examples batch, Trace trace, PreconditionedQueries prepared) {
    along.ifPresent(sink -> sink.take(sequences(places), batch, trace, alongScores));
    attributions.ifPresent(parts -> {
      long[] sequences = sequences(places);
      int[] positions =
          Arrays.stream(sequences).mapToInt(place -> corpus.length(place) - 1).toArray();
      parts.take(sequences, positions, trace, prepared);
    });
  }

  private long[] sequences(long... places) {
    return Arrays.stream(places).map(selection::at).toArray();
  }
}
