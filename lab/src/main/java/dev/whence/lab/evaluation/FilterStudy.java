package dev.whence.lab.evaluation;

import dev.whence.Progress;
import dev.whence.corpus.Corpus;
import dev.whence.corpus.Query;
import dev.whence.corpus.Tokenizer;
import dev.whence.curvature.CurvatureKind;
import dev.whence.influence.Candidates;
import dev.whence.search.Bm25;
import dev.whence.search.Filter;
import dev.whence.search.SequenceIndex;
import dev.whence.search.TermKind;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What each kind of filter keeps of the most influential sequences, at several numbers of
 * candidates, and the time that it saves.
 *
 * @param scanSeconds to score every sequence
 */
public record FilterStudy(
    long sequences,
    List<String> queries,
    CurvatureKind curvature,
    double scanSeconds,
    List<Row> kept,
    List<Timing> timings) {

  /**
   * What a filter keeps.
   *
   * @param union the sequences that a scan for all queries has to score
   */
  public record Row(
      TermKind terms,
      Bm25 bm25,
      int candidates,
      long union,
      MeanInterval top10,
      MeanInterval top100,
      FilterRecall.Recall byQuery) {}

  /**
   * The time to find and score candidates.
   *
   * @param filterSeconds for all queries, without the making of the index
   */
  public record Timing(int candidates, long union, double filterSeconds, double scanSeconds) {}

  /**
   * What is filtered.
   *
   * @param tokenizer without which there are no words to filter by
   * @param cache where indexes are kept
   */
  public record Subject(
      List<Query> queries, Corpus corpus, Optional<Tokenizer> tokenizer, Path cache) {}

  /**
   * Scans everything, then filters in every way.
   *
   * @param recall of the subject's queries and corpus
   * @param candidates how many each query keeps, each at least 1
   */
  public static FilterStudy of(
      Subject subject,
      FilterRecall recall,
      CurvatureKind curvature,
      List<Integer> candidates,
      Progress progress) {
    FilterRecall.Exact exact = recall.exact();
    List<Row> rows = new ArrayList<>();
    List<Timing> timings = new ArrayList<>();
    for (TermKind terms : TermKind.values()) {
      if (terms == TermKind.WORDS && subject.tokenizer.isEmpty()) {
        continue; // nothing to decode with
      }
      try (SequenceIndex index =
          SequenceIndex.cached(subject.corpus, terms, subject.tokenizer, subject.cache, progress)) {
        for (Bm25 bm25 : Bm25.values()) {
          for (int n : candidates) {
            long start = System.nanoTime();
            Candidates chosen = new Filter(n, bm25).candidates(index, subject.queries, progress);
            double filterSeconds = (System.nanoTime() - start) / 1e9;
            long union = chosen.union().count();
            FilterRecall.Recall shares = FilterRecall.recall(exact, chosen);
            rows.add(
                new Row(
                    terms,
                    bm25,
                    n,
                    union,
                    MeanInterval.of(shares.top10()),
                    MeanInterval.of(shares.top100()),
                    shares));
            if (terms == TermKind.TOKENS && bm25 == Bm25.MODIFIED) {
              // The defaults of 'attribute': to scan for every row would take too long.
              timings.add(new Timing(n, union, filterSeconds, recall.seconds(chosen)));
            }
          }
        }
      }
    }
    return new FilterStudy(
        subject.corpus.size(),
        subject.queries.stream().map(Query::id).toList(),
        curvature,
        exact.seconds(),
        rows,
        timings);
  }
}
