package dev.whence.lab.evaluation;

import dev.whence.InvalidInputException;
import dev.whence.Progress;
import dev.whence.corpus.Corpus;
import dev.whence.corpus.Query;
import dev.whence.corpus.Selection;
import dev.whence.curvature.CurvatureKind;
import dev.whence.curvature.Damping;
import dev.whence.index.IndexBuild;
import dev.whence.index.IndexSearcher;
import dev.whence.index.IndexSettings;
import dev.whence.index.InfluenceIndex;
import dev.whence.index.InfluenceIndexManifest;
import dev.whence.index.Keeps;
import dev.whence.index.SampleQuery;
import dev.whence.influence.InfluenceScan;
import dev.whence.influence.Measurements;
import dev.whence.influence.PreconditionedQueries;
import dev.whence.model.LanguageModel;
import dev.whence.model.Linear;
import dev.whence.run.Curvatures;
import dev.whence.run.RunFolder;
import dev.whence.search.Bm25;
import dev.whence.search.SequenceIndex;
import dev.whence.search.TermKind;
import dev.whence.tensor.Scope;
import dev.whence.tensor.Tensor;
import dev.whence.tensor.Tensors;
import dev.whence.trace.CorpusPass;
import dev.whence.trace.Examples;
import dev.whence.trace.PassRanges;
import dev.whence.trace.Targets;
import dev.whence.trace.Trace;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * Influence indexes and other ways to keep gradients, against a scan of the whole corpus: what they
 * take and what they find. Everything is computed from the same traces, in one pass.
 *
 * @param reranked how many of each query's best estimates are computed exactly for {@link
 *     RetrievalQuality#reranked10}
 * @param scanRate sequences a second of a scan with one query and nothing else, measured in the
 *     same pass
 */
public record IndexStudy(
    long sequences, int queries, List<Integer> reranked, double scanRate, List<Row> rows) {

  /**
   * One way.
   *
   * @param bytes of a sequence
   * @param rate sequences a second when they are traced for this alone
   * @param sweepMillis the time that one query's comparison with all that is kept takes, where it
   *     is more than one product in memory
   */
  public record Row(
      String name,
      double bytes,
      RetrievalQuality quality,
      OptionalDouble rate,
      OptionalDouble sweepMillis) {}

  /**
   * What is looked at.
   *
   * @param folder where the indexes are built
   * @param cache where the lexical index is kept
   */
  public record Subject(
      RunFolder run, LanguageModel model, Corpus corpus, Path folder, Path cache) {}

  /**
   * How much is looked at.
   *
   * @param queries made of sequences, their own documents left out
   * @param reranked numbers of estimates that are computed exactly; none for as many as 1,000 are
   *     to the whole dictionary
   * @param indexes what to build
   * @param others whether other ways are compared
   */
  public record Extent(
      int queries,
      long seed,
      List<Integer> reranked,
      List<IndexSettings> indexes,
      boolean others) {}

  /** The share of the sequences that are reranked: 1,000 of the whole dictionary. */
  private static final double RERANKED_SHARE = 1_000.0 / 117_791;

  /**
   * A scan with one query is timed on some batches only; nothing else is wanted of it. A pass sorts
   * sixteen batches at a time by length: with this stride all lengths come in turn.
   */
  private static final int BATCHES_A_MEASUREMENT = 7;

  /** Larger layers are not transformed as a whole. */
  private static final long MOST_TRANSFORMED = 1 << 17;

  /** Looks at all of it. */
  public static IndexStudy of(Subject subject, Extent extent, Progress progress) {
    try (Pass pass = new Pass(subject, extent, progress)) {
      return pass.run();
    }
  }

  /** The one pass. */
  private static final class Pass implements AutoCloseable {
    private final Subject subject;
    private final Extent extent;
    private final Progress progress;
    private final List<SampleQuery> sample;
    private final List<Query> queries;
    private final List<Linear> layers;
    private final Curvatures curvatures;
    private final List<AutoCloseable> owned = new ArrayList<>();
    private final InfluenceScan exactScan;
    private final InfluenceScan oneScan;
    private final Optional<InfluenceScan> lowRankScan;
    private Optional<InfluenceScan> sampleScan = Optional.empty();
    private final Optional<SketchedScores> sketches;
    private final List<IndexBuild> builds = new ArrayList<>();
    private final float[][] exact;
    private final float[][] lowRank;
    private final long[] buildNanos;
    private long scanNanos;
    private long scannedPositions; // by the scan with one query, padding included
    private long positions;
    private long batches;
    private long traceNanos;

    Pass(Subject subject, Extent extent, Progress progress) {
      this.subject = subject;
      this.extent = extent;
      this.progress = progress;
      LanguageModel model = subject.model;
      this.layers = model.linears(subject.run.manifest().layerNames());
      this.sample = SampleQuery.draw(subject.corpus, extent.queries, extent.seed);
      if (sample.isEmpty()) {
        throw new InvalidInputException(
            "the corpus has no sequence that is long enough to be asked about");
      }
      this.queries = sample.stream().map(SampleQuery::query).toList();
      this.curvatures =
          Curvatures.of(
              subject.run.factors(model.type().accumulator(), model.device()),
              CurvatureKind.EKFAC,
              Damping.DEFAULT);
      owned.add(curvatures);
      this.exactScan = scan(queries, 0);
      this.oneScan = scan(queries.subList(0, 1), 0);
      this.lowRankScan = extent.others ? Optional.of(scan(queries, 32)) : Optional.empty();
      int size = Math.toIntExact(subject.corpus.size());
      this.exact = new float[queries.size()][size];
      this.lowRank = new float[queries.size()][extent.others ? size : 0];
      this.sketches = extent.others ? Optional.of(sketches(size)) : Optional.empty();
      this.buildNanos = new long[extent.indexes.size()];
    }

    private InfluenceScan scan(List<Query> asked, int rank) {
      PreconditionedQueries prepared =
          PreconditionedQueries.of(
              subject.model, layers, asked, curvatures.layers(), rank, progress);
      owned.add(prepared);
      return scan(prepared);
    }

    private InfluenceScan scan(PreconditionedQueries prepared) {
      return new InfluenceScan(
          subject.model,
          layers,
          Optional.of(prepared),
          InfluenceScan.Detail.NONE,
          Optional.empty());
    }

    /** About a kilobyte each, in signs; truncation also in whole numbers. */
    private SketchedScores sketches(int size) {
      try (Scope _ = Scope.open()) {
        List<Tensor> inverses = new ArrayList<>();
        for (int l = 0; l < layers.size(); l++) {
          Tensor ones =
              Tensors.ones(
                  subject.model.type().accumulator(),
                  subject.model.device(),
                  layers.get(l).outputs(),
                  layers.get(l).inputs());
          inverses.add(curvatures.layers().get(l).divide(ones));
        }
        int numbers = Math.max(64, 8_000 / layers.size());
        int side = (int) Math.sqrt(numbers);
        List<SketchedScores.Wanted> wanted = new ArrayList<>();
        wanted.add(
            new SketchedScores.Wanted(
                GradientSketch.Truncation.of("largest Lambda, float32", inverses, 512), 32));
        wanted.add(
            new SketchedScores.Wanted(
                GradientSketch.Truncation.of("largest Lambda, signs", inverses, numbers), 1));
        GradientSketch.Factored random =
            GradientSketch.Factored.random(
                "random projection in factors, signs", inverses, side, side, extent.seed);
        GradientSketch.Factored largest =
            GradientSketch.Factored.largest(
                "largest eigenvectors in factors (as LoGra), signs", inverses, side, side);
        owned.add(random::close);
        owned.add(largest::close);
        wanted.add(new SketchedScores.Wanted(random, 1));
        wanted.add(new SketchedScores.Wanted(largest, 1));
        if (layers.stream().allMatch(l -> l.shape().elements() <= MOST_TRANSFORMED)) {
          wanted.add(
              new SketchedScores.Wanted(
                  new GradientSketch.Hadamard("Hadamard, signs", numbers, extent.seed), 1));
        }
        List<Trace> traces = new ArrayList<>();
        for (Query query : queries) {
          Examples one =
              Measurements.of(List.of(query), subject.model.device())
                  .examples()
                  .apply(new long[] {0});
          traces.add(Trace.of(subject.model, layers, one, new Targets.Given()));
        }
        SketchedScores scores = new SketchedScores(curvatures.layers(), wanted, traces, size);
        owned.add(scores);
        return scores;
      }
    }

    IndexStudy run() {
      for (int i = 0; i < extent.indexes.size(); i++) {
        IndexBuild build =
            IndexBuild.open(
                subject.run,
                subject.model,
                subject.corpus,
                extent.indexes.get(i),
                subject.folder.resolve("index-" + i),
                true,
                Progress.NONE);
        owned.add(build);
        builds.add(build);
      }
      sampleScan = builds.getFirst().queries().map(this::scan);
      scanAll();
      List<Row> rows = new ArrayList<>();
      for (int i = 0; i < builds.size(); i++) {
        rows.add(row(i));
      }
      if (extent.others) {
        for (SketchedScores.Kept kept : sketches.orElseThrow().kept()) {
          rows.add(
              new Row(
                  kept.sketch().name(),
                  kept.bytes(),
                  quality(kept.scores()),
                  OptionalDouble.empty(),
                  OptionalDouble.empty()));
        }
        rows.add(lexical());
        rows.add(
            new Row(
                "queries of rank 32, every sequence traced",
                0,
                quality(lowRank),
                OptionalDouble.empty(),
                OptionalDouble.empty()));
      }
      return new IndexStudy(
          subject.corpus.size(),
          queries.size(),
          reranked(),
          rate((double) scanNanos * positions / scannedPositions),
          rows);
    }

    /** Sequences a second when they are traced for this alone. */
    private double rate(double nanos) {
      return subject.corpus.size() / ((traceNanos + nanos) / 1e9);
    }

    private void scanAll() {
      int batchTokens = extent.indexes.getFirst().compute().batchTokens();
      Selection all = Selection.all(subject.corpus.size());
      PassRanges ranges = PassRanges.of(subject.corpus, all, batchTokens);
      builds.forEach(build -> build.begin(0));
      try (Progress.Stage stage = progress.begin("scanning", all.count(), "sequences")) {
        new CorpusPass(subject.corpus, all, ranges, batchTokens, subject.model.device())
            .run(
                0,
                this::take,
                next -> builds.forEach(build -> build.chunkDone(next, false)),
                stage);
      }
    }

    private void take(long[] places, Examples batch) {
      long start = System.nanoTime();
      Trace trace = exactScan.trace(batch);
      long traced = System.nanoTime();
      traceNanos += traced - start;
      if (batches++ % BATCHES_A_MEASUREMENT == 0) {
        oneScan.score(batch, trace);
        scanNanos += System.nanoTime() - traced;
        scannedPositions += (long) places.length * batch.inputs().size(1);
      }
      positions += (long) places.length * batch.inputs().size(1);
      // All builds have the same sample, so that its influences are computed once for all.
      Optional<Tensor> sampleInfluence =
          sampleScan.flatMap(scan -> scan.score(batch, trace).influence());
      for (int i = 0; i < builds.size(); i++) {
        long before = System.nanoTime();
        builds.get(i).take(places, batch, trace, sampleInfluence);
        buildNanos[i] += System.nanoTime() - before;
      }
      SketchedScores.Scores.put(
          exact, places, exactScan.score(batch, trace).influence().orElseThrow());
      lowRankScan.ifPresent(scan ->
          SketchedScores.Scores.put(
              lowRank, places, scan.score(batch, trace).influence().orElseThrow()));
      sketches.ifPresent(some -> some.take(places, trace));
    }

    private Row row(int i) {
      InfluenceIndexManifest manifest = builds.get(i).finish();
      Path path = subject.folder.resolve("index-" + i);
      IndexSettings settings = extent.indexes.get(i);
      try (InfluenceIndex index = InfluenceIndex.open(path, subject.corpus);
          IndexSearcher searcher =
              new IndexSearcher(index, subject.run, subject.model, settings.damping())) {
        return new Row(
            name(settings.keeps()),
            manifest.bytesPerSequence(),
            quality(searcher.estimates(queries)),
            OptionalDouble.of(rate((double) buildNanos[i])),
            OptionalDouble.of(medianMillis(searcher)));
      }
    }

    private static String name(Keeps keeps) {
      return switch (keeps) {
        case Keeps.Sides(int components, int bits) -> "index, %dx%d".formatted(components, bits);
        case Keeps.WholeTraces(int bits) -> "index, allx%d".formatted(bits);
      };
    }

    /** Of sweeps for one query, whose gradient is there. */
    private double medianMillis(IndexSearcher searcher) {
      List<Double> millis = new ArrayList<>();
      for (Query query : queries) {
        try (IndexSearcher.Traced traced = searcher.trace(List.of(query))) {
          long start = System.nanoTime();
          traced.estimate(10);
          millis.add((System.nanoTime() - start) / 1e6);
        }
      }
      return millis.stream().sorted().toList().get(millis.size() / 2);
    }

    private Row lexical() {
      float[][] scores = new float[queries.size()][Math.toIntExact(subject.corpus.size())];
      long start;
      try (SequenceIndex index =
          SequenceIndex.cached(
              subject.corpus, TermKind.TOKENS, Optional.empty(), subject.cache, progress)) {
        start = System.nanoTime();
        for (int q = 0; q < scores.length; q++) {
          for (SequenceIndex.Match match :
              index.best(queries.get(q).tokens(), Bm25.MODIFIED, scores[q].length)) {
            scores[q][(int) match.place()] = match.score();
          }
        }
      }
      double millis = (System.nanoTime() - start) / 1e6 / queries.size();
      return new Row(
          "BM25 of tokens", 0, quality(scores), OptionalDouble.empty(), OptionalDouble.of(millis));
    }

    private List<Integer> reranked() {
      return extent.reranked.isEmpty()
          ? List.of((int) Math.ceil(RERANKED_SHARE * subject.corpus.size()))
          : extent.reranked;
    }

    private RetrievalQuality quality(float[][] estimates) {
      return RetrievalQuality.of(estimates, exact, reranked(), (q, s) -> sample.get(q).isOwn(s));
    }

    @Override
    public void close() {
      for (AutoCloseable resource : owned.reversed()) {
        try {
          resource.close();
        } catch (RuntimeException e) {
          throw e;
        } catch (Exception e) {
          throw new IllegalStateException(e);
        }
      }
    }
  }
}
